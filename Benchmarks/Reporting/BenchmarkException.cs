namespace Overnight.Benchmarks.Reporting;

/// <summary>A figure that can't be had, or must not be believed; the message says why.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
