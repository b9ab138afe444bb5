// The names of Aspire.Hosting.Testing that the tests use.
using Microsoft.Extensions.Configuration;
using Overnight.AppHost;
using Overnight.Tests.Harness;

namespace Aspire.Hosting.Testing;

public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

public static class DistributedApplicationTestingBuilder
{
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => CreateAsync<TEntryPoint>([], cancellationToken);

    /// <summary>Runs the real AppHost.cs up to its Build, with a data folder of its own, so that a running app is not disturbed.</summary>
    public static async Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(
        string[] args,
        CancellationToken cancellationToken = default
    )
        where TEntryPoint : class
    {
        var folder = Directory.CreateTempSubdirectory(TestFolder.Prefix).FullName;
        string[] all = [$"--Overnight:DataDirectory={folder}", "--DcpPublisher:RandomizePorts=true", .. args];
        TestRun run = new() { Output = TextWriter.Synchronized(new StringWriter()) };
        var program = Task.Factory.StartNew(
            () =>
            {
                TestRun.Current = run;
                try
                {
                    typeof(TEntryPoint).Assembly.EntryPoint!.Invoke(null, [all]);
                }
                catch (Exception e)
                {
                    // To whichever of the two the test waits for.
                    run.Created.TrySetException(e.InnerException ?? e);
                    run.Built.TrySetException(e.InnerException ?? e);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        return new TestingBuilder(await run.Created.Task.WaitAsync(cancellationToken), run, program, folder);
    }

    private sealed class TestingBuilder(DistributedApplicationBuilder inner, TestRun run, Task program, string folder)
        : IDistributedApplicationTestingBuilder
    {
        public string AppHostDirectory => inner.AppHostDirectory;
        public ConfigurationManager Configuration => inner.Configuration;

        public IResourceBuilder<T> AddResource<T>(T resource)
            where T : IResource => inner.AddResource(resource);

        public DistributedApplication Build() => BuildAsync().GetAwaiter().GetResult();

        public async Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default)
        {
            run.MayBuild.TrySetResult();
            return await run.Built.Task.WaitAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            // The program waits for its Build.
            run.MayBuild.TrySetResult();
            await program;
            if (run.Built.Task.IsCompletedSuccessfully)
                await (await run.Built.Task).DisposeAsync();
            TestContext.Current.TestOutputHelper?.WriteLine(run.Output.ToString()!);
            TestFolder.Delete(folder);
        }

        public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}

public static class DistributedApplicationHostingTestingExtensions
{
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null) =>
        new() { BaseAddress = app.GetEndpoint(resourceName, endpointName) };

    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null) =>
        ((ProjectResource)app.Find<ProjectResource>(resourceName)).Endpoint(app)
        ?? throw new ArgumentException($"'{resourceName}' has no endpoint.", nameof(resourceName));

    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app,
        string resourceName,
        CancellationToken cancellationToken = default
    ) => ((IResourceWithConnectionString)app.Find<IResourceWithConnectionString>(resourceName)).GetConnectionStringAsync(cancellationToken);
}
