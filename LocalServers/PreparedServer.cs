namespace Overnight.LocalServers;

/// <summary>A server that can be started: its program is found, and its files are made.</summary>
/// <param name="Home">Where its files are: the data directory, or, as root, the one that it points to.</param>
/// <param name="Command">The program and its arguments, without the port.</param>
/// <param name="PortOption">What goes before the port.</param>
/// <param name="Script">What runs the command: a shell gets the home as <c>$0</c>, the command as the other arguments.</param>
internal sealed record PreparedServer(string Home, IReadOnlyList<string> Command, string PortOption, string Script)
{
    /// <summary>Becomes the server.</summary>
    public const string Replace = """export HOME="$0"; cd "$0" && exec "$@" """;

    /// <summary>
    /// Stays beside PostgreSQL, turns the SIGTERM that it is stopped with into SIGINT, and waits: on SIGTERM PostgreSQL would wait for
    /// its clients to go. <c>wait</c> returns early when a signal comes, so it is asked again while the server is there.
    /// </summary>
    public const string Interrupt = """
        export HOME="$0"; cd "$0" || exit
        "$@" & server=$!
        trap 'kill -INT $server' TERM INT
        while wait $server; code=$?; kill -0 $server 2>/dev/null; do :; done
        exit $code
        """;
}

/// <summary>A server that is neither installed nor to be had; the message says what to do.</summary>
internal sealed class MissingServerException(string message) : DistributedApplicationException(message);
