namespace Overnight.Core.Deadlines;

/// <summary>Where a scheduled night or warm stands against its deadline.</summary>
public enum DeadlineState
{
    /// <summary>Its forecast is at or before the deadline, or it was finished by then.</summary>
    OnTime,

    /// <summary>Its forecast is after the deadline, or its run failed and the deadline is still to come.</summary>
    AtRisk,

    /// <summary>The deadline passed before it was finished.</summary>
    Late,

    /// <summary>It did not begin within <see cref="DeadlineRules.BeginsWithin"/>.</summary>
    Missed,
}

/// <summary>Names of states in the database, in answers and in filters.</summary>
public static class DeadlineStates
{
    public static IReadOnlyList<string> Names { get; } = ["on-time", "at-risk", "late", "missed"];

    public static string Name(this DeadlineState state) => Names[(int)state];

    /// <exception cref="FormatException">The text is no state's name.</exception>
    public static DeadlineState Read(string name)
    {
        for (var i = 0; i < Names.Count; i++)
        {
            if (Names[i] == name)
                return (DeadlineState)i;
        }
        throw new FormatException($"There is no state '{name}'. Known: {string.Join(", ", Names)}.");
    }
}
