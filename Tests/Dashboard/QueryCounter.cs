using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Dashboard;

/// <summary>Counts the commands that a data source executed, by a piece of their text.</summary>
internal sealed class QueryCounter : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> _executed = new();

    public int Count(string piece) => _executed.Count(text => text.Contains(piece, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name?.Contains("ExecutionCompleted", StringComparison.Ordinal) == true) _executed.Enqueue(formatter(state, exception));
    }

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }
}
