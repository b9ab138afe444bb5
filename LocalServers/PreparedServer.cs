namespace Overnight.LocalServers;

/// <summary>A server that is ready to start: its program was found, and its files were created.</summary>
/// <param name="Home">The folder of its files: the data directory or, as root, the folder that the directory points to.</param>
/// <param name="Command">The program and its arguments, without the port.</param>
/// <param name="PortOption">The option that precedes the port.</param>
/// <param name="Script">The shell script that runs the command: it gets the home as <c>$0</c> and the command as its arguments.</param>
internal sealed record PreparedServer(string Home, IReadOnlyList<string> Command, string PortOption, string Script)
{
    /// <summary>Replaces the shell by the server.</summary>
    public const string Replace = """export HOME="$0"; cd "$0" && exec "$@" """;

    /// <summary>
    /// Runs PostgreSQL as a child and turns the SIGTERM that stops the resource into SIGINT, because on SIGTERM PostgreSQL waits for its
    /// clients to disconnect. <c>wait</c> returns early on a signal, so it is repeated while the server runs.
    /// </summary>
    public const string Interrupt = """
        export HOME="$0"; cd "$0" || exit
        "$@" & server=$!
        trap 'kill -INT $server' TERM INT
        while wait $server; code=$?; kill -0 $server 2>/dev/null; do :; done
        exit $code
        """;
}

/// <summary>A server is neither installed nor available from a package; the message says what to do.</summary>
internal sealed class MissingServerException(string message) : DistributedApplicationException(message);
