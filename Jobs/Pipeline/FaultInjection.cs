using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Overnight.Core;

namespace Overnight.Jobs.Pipeline;

/// <summary>Kills this process or a server on purpose, to show that a run survives it. Refused outside Development.</summary>
internal sealed class FaultOptions
{
    public const string Section = "Faults";

    /// <summary>Kill the process when this user is about to be computed.</summary>
    public Guid? KillAtUser { get; set; }

    /// <summary>
    /// Kill the process at a checkpoint: <c>claimed</c>, <c>loaded</c>, <c>calculated</c>, <c>written</c>, <c>committed</c>,
    /// <c>cached</c>; at the end of a night <c>rest-cached</c>; those of an erasure have the names of its steps.
    /// </summary>
    public string? KillAt { get; set; }

    /// <summary>Checkpoints of that name to let pass first.</summary>
    [Between(0, int.MaxValue)]
    public int KillAfter { get; set; }

    /// <summary>
    /// A file that is looked for at every checkpoint. While it is there, it holds the name of a checkpoint and the id of a
    /// process: the first worker that passes that checkpoint deletes the file and kills the process, this one or another.
    /// </summary>
    public string? OrderFile { get; set; }
}

internal sealed class FaultInjection
{
    private readonly FaultOptions _options;
    private readonly Lock _orders = new();
    private int _passed;

    public FaultInjection(IOptions<FaultOptions> options) => _options = options.Value;

    private FaultInjection() => _options = new();

    /// <summary>Kills nothing.</summary>
    public static FaultInjection None { get; } = new();

    public static bool AreAllowed(FaultOptions options, IHostEnvironment environment) =>
        options is { KillAtUser: null, KillAt: null, OrderFile: null } || environment.IsDevelopment();

    public void BeforeUser(Guid userId)
    {
        if (_options.KillAtUser == userId)
            Kill(Environment.ProcessId);
    }

    public void At(string checkpoint)
    {
        if (_options.KillAt == checkpoint && Interlocked.Increment(ref _passed) > _options.KillAfter)
            Kill(Environment.ProcessId);
        if (_options.OrderFile is { } file && File.Exists(file))
            Obey(file, checkpoint);
    }

    private void Obey(string file, string checkpoint)
    {
        lock (_orders)
        {
            // Another worker may have been quicker, or the order may be for another checkpoint.
            if (!File.Exists(file) || File.ReadAllText(file).Split(' ') is not [var at, var process] || at != checkpoint)
                return;
            File.Delete(file);
            Kill(int.Parse(process, CultureInfo.InvariantCulture));
        }
    }

    private static void Kill(int id)
    {
        using var process = Process.GetProcessById(id);
        // PostgreSQL has a process per connection, so its whole tree is killed; a process can't do that to itself.
        process.Kill(entireProcessTree: id != Environment.ProcessId);
    }
}
