using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Npgsql;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Flags;

/// <summary>Flags, as rows, and how clients ask for them.</summary>
internal static class TestFlags
{
    /// <summary>Keys in the cache that all tests share are told apart by it.</summary>
    public static string NewEnvironment() => $"t{Guid.CreateVersion7():N}";

    public static string NewKey() => $"test.{Guid.CreateVersion7():N}";

    public static Task AddFlagAsync(
        this NpgsqlDataSource database,
        string environment,
        string key,
        bool enabled = true,
        string? value = null,
        long count = 0,
        DateTimeOffset? accessed = null
    ) =>
        database.ExecuteAsync(
            "insert into feature_flags (environment, key, enabled, value, access_count, last_accessed_at) values ($1, $2, $3, $4::text::json, $5, $6)",
            environment,
            key,
            enabled,
            (object?)value ?? DBNull.Value,
            count,
            (object?)accessed?.UtcDateTime ?? DBNull.Value
        );

    public static async Task<HttpResponseMessage> PatchFlagAsync(
        this ApiApp app,
        string key,
        string? token,
        string body,
        string? ifMatch = null
    )
    {
        using HttpRequestMessage request = new(HttpMethod.Patch, $"/api/admin/flags/{key}")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <returns>The flag as it is read by a client that may.</returns>
    public static async Task<JsonElement> FlagAsync(this ApiApp app, string key, string token)
    {
        using var response = await app.GetAsync($"/api/config/flags/{key}", token, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
        return await response.JsonAsync();
    }
}
