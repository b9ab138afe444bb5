using System.Collections.Concurrent;
using Spectre.Console;

namespace Overnight.AppHost;

/// <summary>
/// What the resources say, a prefixed line each, and in a terminal below them one table of how they are. A line's own text ends the line,
/// so that what it holds can be copied, or cut out by a script.
/// </summary>
internal sealed class AppConsole(IReadOnlyList<Resource> resources, TextWriter? output) : IAsyncDisposable
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);
    private readonly ConcurrentQueue<string> lines = [];
    private readonly CancellationTokenSource ended = new();
    private readonly int width = resources.Select(r => r.Name.Length + (r is ProjectResource { Replicas: > 1 } ? 3 : 0)).Append(9).Max();
    private Task? table;

    private static bool IsTerminal => !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive && AnsiConsole.Profile.Capabilities.Ansi;

    public void Start()
    {
        if (output is null && IsTerminal) table = AnsiConsole.Live(Render()).StartAsync(ShowAsync);
    }

    public void Say(string text) => Line("overnight", text);

    public void Line(string label, string text)
    {
        var line = $"{label.PadRight(width)} | {text}";
        if (table is null) (output ?? Console.Out).WriteLine(line);
        else lines.Enqueue(line);
    }

    public async ValueTask DisposeAsync()
    {
        if (!ended.IsCancellationRequested) await ended.CancelAsync();
        if (table is not null) await table;
    }

    private async Task ShowAsync(LiveDisplayContext display)
    {
        while (true)
        {
            var last = ended.IsCancellationRequested;
            // Unwrapped, by the terminal alone: a command in it is copied whole.
            while (lines.TryDequeue(out var line)) AnsiConsole.Write(new ControlCode(line.Replace("\e", "", StringComparison.Ordinal) + Environment.NewLine));
            display.UpdateTarget(Render());
            if (last) return;
            await Task.Delay(Refresh, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Table Render()
    {
        var rows = new Table().RoundedBorder().BorderColor(Color.Grey).AddColumns("Resource", "State", "URL").AddColumn(new TableColumn("Last line").NoWrap());
        foreach (var resource in resources.Where(r => r is IResourceWithConnectionString or not ParameterResource))
        {
            var status = resource.Status;
            var colour = status.Failed ? "red" : status.State == KnownResourceStates.Running || status.State == KnownResourceStates.Finished ? "green" : "yellow";
            rows.AddRow(new Text(resource.Name), new Markup($"[{colour}]{status.State}[/]"), new Text(status.Url ?? ""), new Text(status.LastLine) { Overflow = Overflow.Ellipsis });
        }
        return rows;
    }
}
