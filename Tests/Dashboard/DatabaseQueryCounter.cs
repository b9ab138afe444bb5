using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Dashboard;

/// <summary>Counts the commands that a data source executed for somebody, by a piece of their text.</summary>
internal sealed class DatabaseQueryCounter : ILoggerFactory, ILogger
{
    /// <summary>In what a node asks every second, whether there are requests or none.</summary>
    private const string Poll = "from erp.generations";

    private readonly ConcurrentQueue<string> _executed = new();

    public int Count(string piece) => _executed.Count(text => text.Contains(piece, StringComparison.Ordinal));

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        if (eventId.Name?.Contains("ExecutionCompleted", StringComparison.Ordinal) == true)
            Add(formatter(state, exception));
    }

    private void Add(string text)
    {
        if (!text.Contains(Poll, StringComparison.Ordinal))
            _executed.Enqueue(text);
    }

    public void AddProvider(ILoggerProvider provider) { }

    public void Dispose() { }
}
