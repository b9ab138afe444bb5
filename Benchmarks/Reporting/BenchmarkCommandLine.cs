using System.CommandLine;
using Npgsql;
using Overnight.Benchmarks.Servers;
using Overnight.Jobs.Commands;
using Overnight.LocalServers;

namespace Overnight.Benchmarks.Reporting;

/// <summary>Runs a benchmark; Ctrl+C and SIGTERM cancel it, and what it started is stopped before the process ends.</summary>
internal static class BenchmarkCommandLine
{
    /// <summary>PostgreSQL writes a checkpoint when it is stopped, which takes a while after a million users.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(2);

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var parsed = root.Parse(args);
        try
        {
            return await parsed.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Grace });
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Cancelled; everything it started is stopped.");
            return 130;
        }
        catch (Exception exception)
            when (exception is BenchmarkException or MissingServerException or CommandException or NpgsqlException or IOException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    public static Option<CacheTopology> Topology() =>
        new("--topology")
        {
            Description = "standalone; tls, with an ACL user; or a cluster of three.",
            DefaultValueFactory = _ => CacheTopology.Standalone,
        };

    /// <summary>A whole number with bounds, checked before anything starts.</summary>
    public static Option<int> Number(string name, int value, int low, int high, string description)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var given) && (given < low || given > high))
                result.AddError($"{name} must be from {low} to {high}, not {given}.");
        });
        return option;
    }
}
