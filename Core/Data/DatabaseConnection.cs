using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>How every process is connected to PostgreSQL.</summary>
public static class DatabaseConnection
{
    /// <summary>
    /// Names of connection strings. <see cref="Overnight"/> is what a process works with: of <c>jobs</c> and its commands the
    /// role that owns the database, of <c>api</c> the one that may change rows. <see cref="Api"/> and <see cref="Server"/>, the
    /// server's administrator, are read by the command <c>migrate</c> alone.
    /// </summary>
    public const string Overnight = "overnight",
        Api = "overnight_api",
        Sets = "overnight_sets",
        Server = "postgres";

    /// <summary>Seconds. A host that vanished is noticed, also by a connection that waits for notifications or holds a lock.</summary>
    private const int KeepAlive = 30,
        TcpKeepAliveTime = 15,
        TcpKeepAliveInterval = 5;

    /// <summary>
    /// What the server holds every session of ours to, so that none stands in the way of others when its process froze or its host
    /// vanished: a transaction without a statement is ended, a wait for a lock fails, and a client that does not answer is dropped.
    /// A write to the cache is done while its rows are locked, and takes no longer than a few times Cache:Timeout. A wait for a lock is
    /// shorter than the driver's command
    /// time-out of 30 s, so that it is told for what it is; and four tries of a step outlast the idle limit. Who waits for longer on
    /// purpose says so: <see cref="WaitForLocks"/>.
    /// </summary>
    private const string SessionLimits =
        "-c idle_in_transaction_session_timeout=40s -c lock_timeout=20s"
        + " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 -c tcp_user_timeout=35s";

    /// <summary>What PostgreSQL may take to answer a reader, in seconds; a reader that waits longer is better told so.</summary>
    public const int ReadTimeout = 5;

    /// <summary>For a transaction that waits until another of its kind is done, however long that takes.</summary>
    public const string WaitForLocks = "set local lock_timeout = 0";

    /// <summary>Adds what a connection string leaves open; its own values win. One that is missing is told by whoever connects.</summary>
    /// <param name="most">Connections of a process at once; the driver's own default when null.</param>
    /// <param name="name">Of the connection string, for a message about it.</param>
    /// <inheritdoc cref="Read" path="/exception"/>
    public static string? Complete(string? connectionString, int? most = null, string name = Overnight)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return connectionString;
        var text = Read(connectionString, name);
        // Not ContainsKey, which is true of every key that there is.
        if (!text.ShouldSerialize("Keepalive"))
            text.KeepAlive = KeepAlive;
        if (!text.ShouldSerialize("TCP Keepalive"))
            (text.TcpKeepAlive, text.TcpKeepAliveTime, text.TcpKeepAliveInterval) = (true, TcpKeepAliveTime, TcpKeepAliveInterval);
        // The last of two settings of one name counts.
        text.Options = text.Options is { Length: > 0 } own ? $"{SessionLimits} {own}" : SessionLimits;
        if (most is { } connections && !text.ShouldSerialize("Maximum Pool Size"))
            text.MaxPoolSize = connections;
        return text.ConnectionString;
    }

    /// <param name="name">Of the connection string, for a message about it.</param>
    /// <exception cref="OptionsValidationException">It is no connection string of PostgreSQL; the message is for whoever configured it.</exception>
    public static NpgsqlConnectionStringBuilder Read(string connectionString, string name = Overnight)
    {
        try
        {
            return new(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException)
        {
            // The text itself may hold a password, so only the parser's complaint is told; its cause names a value that is no number.
            var cause = exception.InnerException is FormatException or OverflowException
                ? $": {exception.InnerException.Message.TrimEnd('.')}"
                : "";
            OptionRules rules = new("ConnectionStrings");
            rules.Add([
                $"ConnectionStrings:{name} can't be read: {exception.Message.TrimEnd('.')}{cause}. Expected is \"Host=..;Port=..;Username=..;Password=..;Database=..\".",
            ]);
            throw rules.Failed();
        }
    }
}
