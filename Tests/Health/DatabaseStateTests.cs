using System.Net.Sockets;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Tests.Providers;

namespace Overnight.Tests.Health;

/// <summary>One warning when PostgreSQL goes away, and one message when it is back, however many notice.</summary>
public sealed class DatabaseStateTests
{
    private readonly LogLines _log = new();

    [Fact]
    public void Outages_NoticedByMany_AreToldOnceEachWithTheirEnd()
    {
        DatabaseState state = new(new LogLines<DatabaseState>(_log));
        NpgsqlException away = new("Failed to connect to 127.0.0.1:1", new SocketException());

        state.Wrote();
        Assert.True(state.IsAway(away));
        Assert.True(state.IsAway(away));
        state.Wrote();
        state.Wrote();
        Assert.True(state.IsAway(away));

        Assert.Equal(
            ["Warning PostgreSQL does not answer", "Information PostgreSQL answers again.", "Warning PostgreSQL does not answer"],
            _log.All.Select(line => line.Split(';')[0].TrimEnd())
        );
    }

    [Fact]
    public void Failure_OfAnotherKind_IsNoOutageAndAnothersToTell()
    {
        DatabaseState state = new(new LogLines<DatabaseState>(_log));

        Assert.False(state.IsAway(new InvalidOperationException("A bug.")));
        Assert.Empty(_log.All);
    }
}
