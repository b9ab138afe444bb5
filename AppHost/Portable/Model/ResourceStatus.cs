// How far each resource is, and the ways to wait for it.
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel
{
    public static class KnownResourceStates
    {
        public static readonly string Exited = nameof(Exited);
        public static readonly string FailedToStart = nameof(FailedToStart);
        public static readonly string Finished = nameof(Finished);
        public static readonly string NotStarted = nameof(NotStarted);
        public static readonly string Running = nameof(Running);
        public static readonly string Starting = nameof(Starting);
        public static readonly string Waiting = nameof(Waiting);
    }

    public class ResourceEvent
    {
        internal ResourceEvent(IResource resource) => (Resource, ResourceId) = (resource, resource.Name);

        public IResource Resource { get; }
        public string ResourceId { get; }
    }

    public class ResourceNotificationService
    {
        private readonly DistributedApplication app;

        internal ResourceNotificationService(DistributedApplication app) => this.app = app;

        public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
            app.Find<IResource>(resourceName).Status.EnteredAsync(targetState ?? KnownResourceStates.Running).WaitAsync(cancellationToken);

        public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
        {
            var resource = app.Find<IResource>(resourceName);
            await resource.Status.Ready.WaitAsync(cancellationToken);
            return new(resource);
        }
    }
}

namespace Overnight.AppHost
{
    internal sealed class ResourceStatus
    {
        private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<int> exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string State { get; private set; } = Aspire.Hosting.ApplicationModel.KnownResourceStates.NotStarted;
        public bool Failed { get; private set; }
        public string? Url { get; set; }
        public string LastLine { get; set; } = "";

        /// <summary>Ends when it is up and healthy; with <see cref="DistributedApplicationException"/> when it failed before.</summary>
        public Task Ready => ready.Task;

        /// <summary>Ends with the exit code.</summary>
        public Task<int> Exited => exited.Task;

        public void Enter(string state)
        {
            State = state;
            Interlocked.Exchange(ref changed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
        }

        public async Task EnteredAsync(string state)
        {
            while (true)
            {
                // Taken before the look, so that a change between the two is not missed.
                var next = changed.Task;
                if (State == state)
                    return;
                await next;
            }
        }

        public void BecomeReady()
        {
            if (!Exited.IsCompleted)
                Enter(Aspire.Hosting.ApplicationModel.KnownResourceStates.Running);
            ready.TrySetResult();
        }

        public void Exit(int code)
        {
            Failed = code != 0;
            exited.TrySetResult(code);
            Enter(
                Failed
                    ? Aspire.Hosting.ApplicationModel.KnownResourceStates.Exited
                    : Aspire.Hosting.ApplicationModel.KnownResourceStates.Finished
            );
        }

        public void Fail(Aspire.Hosting.DistributedApplicationException reason)
        {
            Failed = true;
            LastLine = reason.Message;
            Enter(Aspire.Hosting.ApplicationModel.KnownResourceStates.FailedToStart);
            ready.TrySetException(reason);
            exited.TrySetException(reason);
            // Nobody need wait for it.
            _ = (ready.Task.Exception, exited.Task.Exception);
        }
    }

    /// <summary>What a server logs, as lines of its resource.</summary>
    internal sealed class LineLogger(Aspire.Hosting.DistributedApplication app, Aspire.Hosting.ApplicationModel.Resource resource) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => app.Line(resource, formatter(state, exception));
    }
}
