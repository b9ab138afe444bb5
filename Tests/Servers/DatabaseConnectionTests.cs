using Npgsql;
using Overnight.Core.Data;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Servers;

/// <summary>What a process adds to the connection string that it is given.</summary>
public sealed class DatabaseConnectionTests(TestServers servers)
{
    [Fact]
    public void Complete_OfAPlainOne_AddsKeepAlivesAndTheBound()
    {
        NpgsqlConnectionStringBuilder text = new(DatabaseConnection.Complete("Host=db;Username=overnight", 16));

        Assert.Equal(("db", "overnight", 30, true, 16), (text.Host, text.Username, text.KeepAlive, text.TcpKeepAlive, text.MaxPoolSize));
    }

    [Theory]
    [InlineData("Host=db;Keepalive=7;Tcp Keepalive=false;Maximum Pool Size=40")]
    [InlineData("host=db;KeepAlive=7;TCP Keepalive=false;MaxPoolSize=40")]
    public void Complete_OfOneWithItsOwnValues_LeavesThem(string given)
    {
        NpgsqlConnectionStringBuilder text = new(DatabaseConnection.Complete(given, 16));

        Assert.Equal((7, false, 40), (text.KeepAlive, text.TcpKeepAlive, text.MaxPoolSize));
    }

    [Fact]
    public void Complete_WithoutABound_LeavesTheDriversOwn() =>
        Assert.Equal(
            new NpgsqlConnectionStringBuilder().MaxPoolSize,
            new NpgsqlConnectionStringBuilder(DatabaseConnection.Complete("Host=db")).MaxPoolSize
        );

    /// <summary>SPEC A4: what the server holds each session to, so that a host that froze or vanished is in nobody's way.</summary>
    [Theory]
    [InlineData("", "40s 20s 15 5 4 35000")]
    [InlineData("Options=-c lock_timeout=7s -c search_path=erp", "40s 7s 15 5 4 35000")]
    public async Task A4_Session_OfACompletedString_HasItsLimits(string own, string limits)
    {
        var ct = TestContext.Current.CancellationToken;
        await using var database = NpgsqlDataSource.Create(DatabaseConnection.Complete($"{await servers.CreateDatabaseAsync(ct)};{own}")!);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using NpgsqlCommand command = new(
            """
            select concat_ws(' ', current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout'), current_setting('tcp_keepalives_idle'),
                current_setting('tcp_keepalives_interval'), current_setting('tcp_keepalives_count'), current_setting('tcp_user_timeout'))
            """,
            connection
        );

        Assert.Equal(limits, await command.ExecuteScalarAsync(ct));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Complete_OfNone_LeavesItToWhoeverConnects(string? given) => Assert.Equal(given, DatabaseConnection.Complete(given));
}
