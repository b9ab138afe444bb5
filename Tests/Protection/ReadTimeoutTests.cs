using System.Net;
using Npgsql;
using Overnight.Tests.Dashboard;
using Overnight.Tests.Reference;
using Overnight.Tests.Sessions;

namespace Overnight.Tests.Protection;

/// <summary>
/// Reads that a client waits for have a limit of their own. Here nothing else ends a statement that waits for a lock: the connection has
/// neither a limit for commands nor one for locks.
/// </summary>
public sealed class ReadTimeoutTests(ReferenceFixture fixture) : IClassFixture<ReferenceFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_ThatPostgresHolds_Is503() =>
        await AssertEndsAsync("sessions", static (app, token) => app.GetAsync("/api/calculations", token, Ct));

    [Fact]
    public async Task Result_ThatPostgresHolds_Is503() =>
        await AssertEndsAsync("calculation_results", static (app, token) => app.GetAsync("/api/dashboard", token, Ct), isSignedIn: true);

    [Fact]
    public async Task Flags_ThatPostgresHolds_Are503() =>
        await AssertEndsAsync(
            "feature_flags",
            static (app, token) => app.GetAsync("/api/admin/flags", token, Ct),
            "admin",
            isSignedIn: true
        );

    [Fact]
    public async Task Flag_ThatPostgresHolds_Is503() =>
        await AssertEndsAsync(
            "feature_flags",
            static (app, token) => app.GetAsync("/api/config/flags/held.flag", token, Ct),
            isSignedIn: true
        );

    [Fact]
    public async Task ReferenceData_ThatPostgresHolds_Is503() =>
        await AssertEndsAsync("erp.kits", static (app, token) => app.GetAsync("/api/reference/sales/kits", token, Ct), isSignedIn: true);

    [Fact]
    public async Task SignIn_ThatPostgresHolds_Is503() =>
        await AssertEndsAsync("user_passwords", static (app, _) =>
            app.PostAsync("/api/sessions", """{"email":"held@test.example","password":"a password"}""")
        );

    /// <param name="table">Is locked while the request waits.</param>
    /// <param name="isSignedIn">Whether the session is in the cache before the lock is taken.</param>
    private async Task AssertEndsAsync(
        string table,
        Func<ApiApp, string, Task<HttpResponseMessage>> ask,
        string role = "user",
        bool isSignedIn = false
    )
    {
        await using var app = fixture.Another("Command Timeout=0");
        var token = await fixture.SignInAsync(role == "user" ? await fixture.TenantAsync() : null, role);
        if (isSignedIn)
            (await app.GetAsync("/api/calculations", token, Ct)).Dispose();
        await using var connection = await fixture.App.Database.OpenConnectionAsync(Ct);
        await using var transaction = await connection.BeginTransactionAsync(Ct);
        await using (NpgsqlCommand hold = new($"lock table {table} in access exclusive mode", connection, transaction))
            await hold.ExecuteNonQueryAsync(Ct);

        using var answer = await ask(app, token).WaitAsync(TimeSpan.FromMinutes(1), Ct);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }
}
