using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Tests.Servers;

/// <summary>What a process adds to the connection string that it is given.</summary>
public sealed class DatabaseConnectionTests
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

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Complete_OfNone_LeavesItToWhoeverConnects(string? given) => Assert.Equal(given, DatabaseConnection.Complete(given));
}
