using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Npgsql;
using Overnight.Core.Reference;
using Overnight.Jobs.Demo;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;
using Overnight.Tests.Warming;

namespace Overnight.Tests.Reference;

/// <summary>An API over a database with demo tenants; each test takes tenants of its own.</summary>
public sealed class ReferenceFixture(TestServers servers) : IAsyncLifetime
{
    private readonly long _seed = Random.Shared.NextInt64();
    private string _database = "",
        _cache = "";
    private ApiApp? _app;
    private int _tenants;

    internal ApiApp App => _app!;

    public async ValueTask InitializeAsync()
    {
        _database = await servers.CreateDatabaseAsync(CancellationToken.None);
        // Of its own: what is invalidated for every tenant is heard, by id, by the nodes of every database at the same cache.
        _cache = (await servers.StartCacheAsync(CancellationToken.None)).ConnectionString;
        _app = new(_database, _cache);
        await App.Database.ExecuteAsync(
            """
            insert into exchange_rates select base, quote, now() - interval '1 day', rate, 'test'
            from (values ('EUR', 'USD', 1.1364), ('GBP', 'USD', 1.3158), ('USD', 'JPY', 150), ('USD', 'CHF', 0.82), ('USD', 'CAD', 1.38))
                quoted (base, quote, rate)
            """
        );
    }

    /// <summary>Another node.</summary>
    /// <param name="options">What its connection string has besides, such as <c>Command Timeout=0</c>.</param>
    internal ApiApp Another(string options = "") => new($"{_database};{options}", _cache);

    internal WarmFixture Warming(params (string Key, string Value)[] settings) => WarmFixture.Over(_database, _cache, null, settings);

    internal async Task<Guid> TenantAsync()
    {
        var number = Interlocked.Increment(ref _tenants);
        await new DemoTenantSeeder(App.Database, TimeProvider.System).SeedAsync(number, _seed, null, CancellationToken.None);
        var tenant = DemoIds.Tenant(_seed, number);
        var user = await App.Database.AddUserAsync();
        await App.Database.ExecuteAsync("update users set tenant_id = $2 where id = $1", user, tenant);
        await App.Database.ExecuteAsync("update erp.opportunities set owner_id = $1 where tenant_id = $2", user, tenant);
        return tenant;
    }

    /// <returns>The token of a new user of the tenant.</returns>
    internal async Task<string> SignInAsync(Guid? tenant, string role = "user")
    {
        var user = await App.Database.AddUserAsync(role);
        if (tenant is { } id)
            await App.Database.ExecuteAsync("update users set tenant_id = $2 where id = $1", user, id);
        return await App.Database.AddSessionAsync(user);
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Questions and answers of the reference endpoints.</summary>
internal static class ReferenceClient
{
    public static async Task<JsonElement> AskAsync(this ApiApp app, string token, string path)
    {
        using var answer = await app.GetAsync($"/api/reference/{path}", token, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsByteArrayAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {Encoding.UTF8.GetString(body)}");
        return JsonElement.Parse(body);
    }

    public static bool FromCache(this JsonElement answer) => answer.GetProperty("fromCache").GetBoolean();

    public static JsonElement[] Items(this JsonElement answer) => [.. answer.GetProperty("data").GetProperty("items").EnumerateArray()];

    public static async Task<HttpResponseMessage> PostAsync(this ApiApp app, string? token, string path, string body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, path)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>A question for each entity that the demo data has an answer to, with the key it has.</summary>
    public static async Task<(string Path, ReferenceEntity Entity, string Key)[]> QuestionsAsync(NpgsqlDataSource database, Guid tenant)
    {
        await using var command = database.CreateCommand(
            """
            select (select min(id::text) from erp.facilities where tenant_id = $1) || ' ' || (select code from erp.currencies where tenant_id = $1 and is_base)
                || ' ' || (select min(sku) from erp.materials where tenant_id = $1 and sku like 'Ø10:100/a*b%')
                || ' ' || (select min(u.id::text) from erp.opportunities o join users u on u.id = o.owner_id
                    where o.tenant_id = $1 and u.tenant_id = $1)
            """
        );
        command.Parameters.Add(new() { Value = tenant });
        var (facility, currency, sku, user) = ((string)(await command.ExecuteScalarAsync())!).Split(' ')
            is [var id, var code, var material, var owner]
            ? (id, code, material, owner)
            : throw new InvalidOperationException("There is no such tenant.");
        Dictionary<string, string> given = new()
        {
            ["from"] = currency,
            ["to"] = currency == "USD" ? "EUR" : "USD",
            ["facilityId"] = facility,
            ["sku"] = sku,
            ["userId"] = user,
            ["number"] = "7",
        };
        return
        [
            .. ReferenceCatalog.All.Select(entity =>
                (
                    $"{entity.Module}/{entity.Name}?{string.Join('&', entity.Parts.Select(part => part.Name).Where(given.ContainsKey).Select(Parameter))}",
                    entity,
                    entity.Key(tenant, [.. entity.Parts.Select(part => part.Read(given.GetValueOrDefault(part.Name), out _)!)])
                )
            ),
        ];

        string Parameter(string name) => $"{name}={Uri.EscapeDataString(given[name])}";
    }
}
