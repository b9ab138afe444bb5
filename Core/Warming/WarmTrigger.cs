namespace Overnight.Core.Warming;

/// <summary>Why a warm began.</summary>
public enum WarmTrigger
{
    Schedule,
    ColdStart,
    Deployment,
    Manual,
    Api,
    PipelineEnd,
}

/// <summary>Names of triggers in output and in <c>overnight_job_runs</c>.</summary>
public static class WarmTriggers
{
    private static readonly string[] Names = ["schedule", "cold-start", "deployment", "manual", "api", "pipeline-end"];

    public static string Name(this WarmTrigger trigger) => Names[(int)trigger];

    public static bool TryParse(string? name, out WarmTrigger trigger)
    {
        var at = Array.IndexOf(Names, name);
        trigger = (WarmTrigger)Math.Max(0, at);
        return at >= 0;
    }
}
