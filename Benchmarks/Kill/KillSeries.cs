namespace Overnight.Benchmarks.Kill;

/// <summary>What is killed, each with SIGKILL and everything it started.</summary>
internal enum Victim
{
    Jobs,
    Cache,
    Postgres,
}

/// <summary>Kills of one kind at the same places, in nights of their own: a row of the report.</summary>
/// <param name="At">Where, in turn.</param>
internal sealed record KillSeries(Victim Victim, IReadOnlyList<string> At, int Kills)
{
    /// <summary>Not a checkpoint: from outside, whatever the night is at.</summary>
    public const string Random = "random";

    /// <summary>The checkpoints of a batch (<see cref="Jobs.Pipeline.FaultOptions.KillAt"/>), and a random moment.</summary>
    public static readonly string[] Places = ["claimed", "loaded", "calculated", "written", "committed", "cached", Random];

    public string Where => At.Count == 1 ? At[0] : "each in turn";

    public static List<KillSeries> Plan(KillSettings settings)
    {
        Victim[] victims = settings.Only is { } only ? [only] : Enum.GetValues<Victim>();
        if (settings.Short)
            return [.. victims.Select(victim => new KillSeries(victim, Places, settings.Kills))];
        return
        [
            .. from victim in victims
            from place in Places.Index()
            let kills = Share(settings.Kills, place.Index)
            where kills > 0
            select new KillSeries(victim, [place.Item], kills),
        ];
    }

    private static int Share(int kills, int place) => kills / Places.Length + (place < kills % Places.Length ? 1 : 0);
}
