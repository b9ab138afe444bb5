namespace Overnight.Tests.Input;

/// <summary>Progress told at once, on the thread that makes it.</summary>
internal sealed class Callback<T>(Action<T> report) : IProgress<T>
{
    public void Report(T value) => report(value);
}
