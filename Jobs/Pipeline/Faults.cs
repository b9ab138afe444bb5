using System.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Overnight.Jobs.Pipeline;

/// <summary>Deliberate ends of the process, to show that a night survives them. Refused outside Development.</summary>
internal sealed class FaultOptions
{
    public const string Section = "Faults";

    /// <summary>Kill the process when this user is about to be computed.</summary>
    public Guid? KillAtUser { get; set; }

    /// <summary>Kill the process at a checkpoint: <c>claimed</c>, <c>loaded</c>, <c>calculated</c>, <c>written</c>, <c>committed</c>, <c>cached</c>.</summary>
    public string? KillAt { get; set; }

    /// <summary>Checkpoints of that name to let pass first.</summary>
    public int KillAfter { get; set; }
}

internal sealed class Faults
{
    private readonly FaultOptions _options;
    private int _passed;

    public Faults(IOptions<FaultOptions> options, IHostEnvironment environment)
    {
        _options = options.Value;
        if ((_options.KillAtUser is not null || _options.KillAt is not null) && !environment.IsDevelopment())
        {
            throw new OptionsValidationException(FaultOptions.Section, typeof(FaultOptions), [$"{FaultOptions.Section} is for Development only; this is {environment.EnvironmentName}."]);
        }
    }

    private Faults() => _options = new();

    /// <summary>Lets everything pass.</summary>
    public static Faults None { get; } = new();

    public void BeforeUser(Guid userId)
    {
        if (_options.KillAtUser == userId) Kill();
    }

    public void At(string checkpoint)
    {
        if (_options.KillAt == checkpoint && Interlocked.Increment(ref _passed) > _options.KillAfter) Kill();
    }

    private static void Kill() => Process.GetCurrentProcess().Kill();
}
