using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Overnight.Tests.Warming;

/// <summary>Keeps the messages that a host logs, whoever logs them.</summary>
internal sealed class LogTexts : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<string> _texts = [];

    public IReadOnlyList<string> All => [.. _texts];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => _texts.Enqueue(formatter(state, exception));

    public void Dispose() { }
}
