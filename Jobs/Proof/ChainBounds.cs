using Npgsql;
using Overnight.Core;
using Overnight.Core.Data;
using Overnight.Core.Proof;

namespace Overnight.Jobs.Proof;

/// <summary>Where the chain begins, and from which day on everything that it proves is kept.</summary>
/// <param name="FirstSealed">The lowest number of a run that has a seal; null without any.</param>
/// <param name="KeptFrom">The first day that retention has kept so far, by its seals; null before its first turn.</param>
internal sealed record ChainBounds(long? FirstSealed, DateOnly? KeptFrom)
{
    private const string Stored = """
        select (select min(r.number) from seals s join overnight_job_runs r on r.id = s.run_id), now(), (select kept_from from kept_history)
        """;

    /// <summary>Whether retention drops what is of this day, or has done so.</summary>
    public bool IsBelow(DateOnly day) => day < KeptFrom;

    /// <summary>Whether a run can have ended before the first seal was made.</summary>
    public bool IsBeforeTheChain(long run) => FirstSealed is null || run < FirstSealed;

    /// <summary>Reads the bounds, and names what says that more was dropped than retention can have dropped.</summary>
    public static async Task<ChainBounds> ReadAsync(
        NpgsqlConnection connection,
        IReadOnlyList<Seal> seals,
        VerificationReport report,
        CancellationToken ct
    )
    {
        await using var command = connection.Command(Stored);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        long? first = await reader.IsDBNullAsync(0, ct) ? null : reader.GetInt64(0);
        var now = reader.GetFieldValue<DateTimeOffset>(1);
        DateOnly? told = await reader.IsDBNullAsync(2, ct) ? null : reader.GetFieldValue<DateOnly>(2);

        DateOnly? keptFrom = null;
        foreach (var seal in seals.Where(seal => seal.Market == SealChain.Retention))
        {
            if (seal.BusinessDate > Latest(seal.SealedAt < now ? seal.SealedAt : now))
                report.Add(
                    FaultKind.AlteredHorizon,
                    $"Seal {seal.Sequence} says that history is kept from {IsoDate.Of(seal.BusinessDate)} on, and retention never drops so late a day."
                );
            else if (keptFrom is null || seal.BusinessDate > keptFrom)
                keptFrom = seal.BusinessDate;
        }
        if (told != keptFrom)
            report.Add(
                FaultKind.AlteredHorizon,
                $"kept_history says that history is kept from {Name(told)} on, and the chain says {Name(keptFrom)}, by which this goes."
            );
        return new(first, keptFrom);
    }

    /// <summary>The latest first day that retention can have kept: it keeps a whole month at least. A day is left for clocks.</summary>
    private static DateOnly Latest(DateTimeOffset at)
    {
        var day = DateOnly.FromDateTime(at.UtcDateTime.AddDays(1));
        return new DateOnly(day.Year, day.Month, 1).AddMonths(-1);
    }

    private static string Name(DateOnly? day) => day is { } date ? IsoDate.Of(date) : "the beginning";
}
