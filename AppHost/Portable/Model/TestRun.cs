namespace Overnight.AppHost;

/// <summary>How a test takes the app that AppHost.cs builds: it sees the builder first, and starts and ends the app itself.</summary>
internal sealed class TestRun
{
    private static readonly AsyncLocal<TestRun?> Ambient = new();

    public static TestRun? Current
    {
        get => Ambient.Value;
        set => Ambient.Value = value;
    }

    public TaskCompletionSource<DistributedApplicationBuilder> Created { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public TaskCompletionSource MayBuild { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public TaskCompletionSource<DistributedApplication> Built { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    public required TextWriter Output { get; init; }
}
