using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Core.Data;

/// <summary>Settings of every connection to PostgreSQL.</summary>
public static class DatabaseConnection
{
    /// <summary>
    /// Names of connection strings. <see cref="Overnight"/> is the one a process works with: for <c>jobs</c> and its commands that of the
    /// role that owns the database, for <c>api</c> that of the role that may change rows. Only the command <c>migrate</c> reads
    /// <see cref="Api"/> and <see cref="Server"/>, which is the server administrator's.
    /// </summary>
    public const string Overnight = "overnight",
        Api = "overnight_api",
        Sets = "overnight_sets",
        Server = "postgres";

    /// <summary>Seconds. They detect a host that vanished, also for a connection that waits for notifications or holds a lock.</summary>
    private const int KeepAlive = 30,
        TcpKeepAliveTime = 15,
        TcpKeepAliveInterval = 5;

    /// <summary>
    /// Limits that the server applies to every session of ours, so that a process that froze or a host that vanished does not block
    /// others: a transaction without a statement is ended after 40 s, a wait for a lock fails after 20 s, and a client that does not
    /// answer is dropped after 35 s. A write to the cache holds row locks, and takes no longer than a few times Cache:Timeout. The lock
    /// limit is shorter than the driver's command timeout of 30 s, so that the error names the lock, and the four tries of a step outlast
    /// the idle limit. A transaction that waits for longer on purpose uses <see cref="WaitForLocks"/>.
    /// </summary>
    private const string SessionLimits =
        "-c idle_in_transaction_session_timeout=40s -c lock_timeout=20s"
        + " -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4 -c tcp_user_timeout=35s";

    /// <summary>Seconds that a query may take while a client waits; after that the client gets an error instead.</summary>
    public const int ReadTimeout = 5;

    /// <summary>Turns the lock limit off, for a transaction that waits for another of its kind, however long that takes.</summary>
    public const string WaitForLocks = "set local lock_timeout = 0";

    /// <summary>
    /// Adds the settings that a connection string leaves open; its own values take precedence. A missing string is returned as it is, and
    /// reported where a connection is opened.
    /// </summary>
    /// <param name="connectionString">The connection string as configured.</param>
    /// <param name="most">Largest number of connections of the process; the driver's default when null.</param>
    /// <param name="name">The connection string's name, for error messages.</param>
    public static string? Complete(string? connectionString, int? most = null, string name = Overnight)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
            return connectionString;
        var text = Read(connectionString, name);
        // Not ContainsKey, which is true for every key that the driver knows.
        if (!text.ShouldSerialize("Keepalive"))
            text.KeepAlive = KeepAlive;
        if (!text.ShouldSerialize("TCP Keepalive"))
            (text.TcpKeepAlive, text.TcpKeepAliveTime, text.TcpKeepAliveInterval) = (true, TcpKeepAliveTime, TcpKeepAliveInterval);
        // PostgreSQL uses the last of two settings of one name, so configured options override ours.
        text.Options = text.Options is { Length: > 0 } own ? $"{SessionLimits} {own}" : SessionLimits;
        if (most is { } connections && !text.ShouldSerialize("Maximum Pool Size"))
            text.MaxPoolSize = connections;
        return text.ConnectionString;
    }

    /// <param name="connectionString">The connection string as configured.</param>
    /// <param name="name">The connection string's name, for error messages.</param>
    /// <exception cref="OptionsValidationException">The text can't be parsed as a connection string; the message names its key.</exception>
    public static NpgsqlConnectionStringBuilder Read(string connectionString, string name = Overnight)
    {
        try
        {
            return new(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException)
        {
            // The message leaves the text out, because it may hold a password. The parser's inner exception names only the invalid number.
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
