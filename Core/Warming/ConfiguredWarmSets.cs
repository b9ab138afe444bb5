using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;

namespace Overnight.Core.Warming;

/// <summary>A warm set in configuration, below <c>Warming:Sets:{name}</c>.</summary>
public sealed class QueryWarmOptions
{
    /// <summary>1 to 3; phases are warmed in order.</summary>
    public int Phase { get; set; } = (int)WarmPhase.Master;

    /// <summary>Template of the key, such as <c>shop:price:{sku}</c>; see <see cref="KeyTemplate"/>.</summary>
    public string? Key { get; set; }

    /// <summary>TTL of the entries; each gets up to 5 % more or less, so that they do not expire at once.</summary>
    public TimeSpan Ttl { get; set; } = TimeSpan.FromHours(1);

    /// <summary>One query with an order, a column <c>value</c>, and the columns that the key names.</summary>
    public string? Sql { get; set; }

    public int Limit { get; set; } = 10_000;

    /// <summary>How often the set is warmed; half of its TTL when left out, zero for never.</summary>
    public TimeSpan? Interval { get; set; }

    public TimeSpan TimeLimit { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Limit for each statement of the query, without the writes to the cache.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromSeconds(30);
}

/// <summary>
/// The warm sets of the configuration, which was validated before. All are off where no role to read them with is configured.
/// </summary>
public sealed partial class ConfiguredWarmSets(
    IOptions<WarmingOptions> options,
    ConfiguredSetDatabase database,
    WarmWriter entries,
    ILogger<QueryWarmSet> logger
)
{
    public IReadOnlyList<QueryWarmSet> All { get; } =
        database.Source is { } source ? [.. options.Value.Sets.Select(pair => Create(pair.Key, pair.Value, source, entries, logger))] : [];

    /// <summary>Names of configured sets that are off.</summary>
    public IReadOnlyList<string> Off { get; } = database.Source is null ? [.. options.Value.Sets.Keys.Order(StringComparer.Ordinal)] : [];

    /// <summary>Why own sets are off, and what to configure; null when they are on.</summary>
    public string? WhyOff { get; } =
        database.Off is { } why
            ? $"{why}. Own warm sets are read as the role overnight_sets: set its connection string, and the command migrate creates the role (docs/operate.md, Roles)."
            : null;

    private static QueryWarmSet Create(
        string name,
        QueryWarmOptions set,
        NpgsqlDataSource source,
        WarmWriter entries,
        ILogger<QueryWarmSet> logger
    ) =>
        new(
            new(name, (WarmPhase)set.Phase, set.Key!, set.Ttl)
            {
                Limit = set.Limit,
                Interval = set.Interval ?? set.Ttl / 2,
                TimeLimit = set.TimeLimit,
            },
            KeyTemplate.Parse(set.Key),
            set.Sql!,
            set.StatementTimeout,
            source,
            entries,
            logger
        );

    // A read-only transaction prevents writes. Grants limit reads, except for a role with one of these rights.
    private const string Excess = """
        select case when rolsuper then 'is a superuser' when rolbypassrls then 'may bypass row-level security'
            when pg_has_role('pg_read_all_data', 'member') then 'may read every table' when pg_has_role('pg_read_server_files', 'member') then 'may read the server''s files'
        end from pg_roles where rolname = session_user
        """;

    /// <summary>Checks the rights of the role, and runs each set's query with a limit of no rows.</summary>
    /// <exception cref="OptionsValidationException">Some queries can't run; each message names the set and the error.</exception>
    /// <exception cref="NpgsqlException">PostgreSQL can't be reached.</exception>
    public async Task CheckAsync(CancellationToken ct)
    {
        List<string> failures = [];
        if (All.Count > 0 && await ExcessAsync(ct) is { } excess)
            failures.Add(
                $"ConnectionStrings:{DatabaseConnection.Sets} names a role that {excess}. Name one that may read what it was granted, and nothing else."
            );
        foreach (var set in failures.Count > 0 ? [] : All)
        {
            if (await set.CheckAsync(ct) is { } wrong)
                failures.Add($"{WarmingOptions.Section}:Sets:{set.Name}: {wrong}.");
        }
        if (failures.Count > 0)
            throw new OptionsValidationException(WarmingOptions.Section, typeof(WarmingOptions), failures);
    }

    private async Task<string?> ExcessAsync(CancellationToken ct)
    {
        await using var command = database.Source!.CreateCommand(Excess);
        return await command.ExecuteScalarAsync(ct) as string;
    }

    internal static IEnumerable<string> Failures(string name, QueryWarmOptions set)
    {
        var path = $"{WarmingOptions.Section}:Sets:{name}";
        if (!Name().IsMatch(name))
            yield return $"{path} must be named with 1 to 40 lowercase letters, digits and hyphens.";
        if (WarmSetNames.IsOurs(name))
            yield return $"{path}: the name {name} is reserved; choose another.";
        if (KeyFailure(set.Key) is { } wrong)
            yield return $"{path}:Key {wrong}, and is '{set.Key}'.";
        if (string.IsNullOrWhiteSpace(set.Sql))
            yield return $"{path}:Sql must be a query with a column value, and is empty.";
        if (set.Phase is < 1 or > 3)
            yield return $"{path}:Phase must be between 1 and 3, and is {set.Phase}.";
        if (set.Limit is < 1 or > 10_000_000)
            yield return $"{path}:Limit must be between 1 and 10000000, and is {set.Limit}.";
        if (set.Ttl < TimeSpan.FromSeconds(1) || set.Ttl > TimeSpan.FromDays(30))
            yield return $"{path}:Ttl must be between 00:00:01 and 30.00:00:00, and is {set.Ttl}.";
        if (set.Interval < TimeSpan.Zero || set.Interval > TimeSpan.FromDays(30))
            yield return $"{path}:Interval must be between 00:00:00 and 30.00:00:00, and is {set.Interval}.";
        if (set.TimeLimit < TimeSpan.FromSeconds(1) || set.TimeLimit > TimeSpan.FromDays(1))
            yield return $"{path}:TimeLimit must be between 00:00:01 and 1.00:00:00, and is {set.TimeLimit}.";
        if (set.StatementTimeout < TimeSpan.FromMilliseconds(10) || set.StatementTimeout > TimeSpan.FromHours(1))
            yield return $"{path}:StatementTimeout must be between 00:00:00.010 and 01:00:00, and is {set.StatementTimeout}.";
    }

    private static string? KeyFailure(string? key)
    {
        try
        {
            KeyTemplate.Parse(key);
            return null;
        }
        catch (FormatException exception)
        {
            return exception.Message;
        }
    }

    [GeneratedRegex(@"\A[a-z0-9-]{1,40}\z")]
    private static partial Regex Name();
}
