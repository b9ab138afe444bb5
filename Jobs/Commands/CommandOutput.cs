using Spectre.Console;
using Spectre.Console.Rendering;

namespace Overnight.Jobs.Commands;

/// <summary>Lines for a person, and one line of progress: rewritten in place on a terminal, printed every 5 s in a log.</summary>
internal sealed class CommandOutput(TextWriter writer, TimeProvider time)
{
    private static readonly TimeSpan Terminal = TimeSpan.FromMilliseconds(100),
        Pipe = TimeSpan.FromSeconds(5);

    /// <summary>Width of output to a pipe in characters: more than any table has, so that a row is a line there.</summary>
    private const int PipeWidth = 1_000;

    private readonly bool _inPlace = ReferenceEquals(writer, Console.Out) && !Console.IsOutputRedirected;
    private readonly Lock _lock = new();
    private long _last = time.GetTimestamp();
    private int _width;

    public void Line(string text)
    {
        lock (_lock)
        {
            Clear();
            writer.WriteLine(text);
        }
    }

    /// <summary>Prints a table or another Spectre element at the width of the terminal.</summary>
    public void Write(IRenderable what)
    {
        lock (_lock)
        {
            Clear();
            var console = AnsiConsole.Create(new() { Out = new AnsiConsoleOutput(writer) });
            if (!_inPlace)
                console.Profile.Width = PipeWidth;
            console.Write(what);
        }
    }

    /// <summary>May be called any number of times: it prints every 100 ms on a terminal, else every 5 s.</summary>
    public void Progress(string text)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_last) < (_inPlace ? Terminal : Pipe))
                return;
            _last = time.GetTimestamp();
            if (!_inPlace)
            {
                writer.WriteLine(text);
                return;
            }
            Clear();
            writer.Write(text);
            _width = text.Length;
        }
    }

    /// <summary>Reports on the calling thread, so that no progress comes after the summary.</summary>
    public IProgress<T> Progress<T>(Func<T, string> describe) => new Reporter<T>(this, describe);

    private void Clear()
    {
        if (_width > 0)
            writer.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
    }

    private sealed class Reporter<T>(CommandOutput output, Func<T, string> describe) : IProgress<T>
    {
        public void Report(T value) => output.Progress(describe(value));
    }
}
