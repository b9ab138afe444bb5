using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Overnight.Core.Caching;
using Overnight.Core.Data;

namespace Overnight.Core;

/// <summary>Checks the settings that a host reads while it is built: connection strings, log levels, and where telemetry goes.</summary>
public static class HostSettingsCheck
{
    private const string Strings = "ConnectionStrings",
        Levels = "Logging:LogLevel",
        Telemetry = "OTEL_EXPORTER_OTLP_ENDPOINT",
        TelemetryProtocol = "OTEL_EXPORTER_OTLP_PROTOCOL",
        TelemetryHeaders = "OTEL_EXPORTER_OTLP_HEADERS",
        Example = "\"Host=127.0.0.1;Username=overnight;Database=overnight\"";

    /// <exception cref="OptionsValidationException">A setting is missing or invalid; every failure names its key.</exception>
    public static void Check(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        OptionRules rules = new(Strings);
        if (Given(configuration, DatabaseConnection.Overnight) is null)
            rules.Add([Missing("the database", DatabaseConnection.Overnight, Example)]);
        foreach (var name in (string[])[DatabaseConnection.Overnight, DatabaseConnection.Sets])
        {
            if (Given(configuration, name) is { } text)
                rules.Add(DatabaseFailures(text, name));
        }
        if (Given(configuration, CacheConnection.Name) is { } cache && CacheConnection.Failure(cache) is { } failure)
            rules.Add([failure]);
        OptionRules levels = new(Levels);
        foreach (var level in configuration.GetSection(Levels).GetChildren().Where(level => level.Value is { Length: > 0 }))
            levels.Require(
                level.Key,
                Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _),
                $"one of {string.Join(", ", Enum.GetNames<LogLevel>())}",
                $"'{level.Value}'"
            );
        rules.Add(levels.Result().Failures ?? []);
        rules.Add(TelemetryFailures(configuration));
        rules.ThrowIfAny();
    }

    private static IEnumerable<string> DatabaseFailures(string text, string name)
    {
        try
        {
            return string.IsNullOrEmpty(DatabaseConnection.Read(text, name).Host)
                ? [$"{Strings}:{name} names no Host. Give it one, for example {Example}."]
                : [];
        }
        catch (OptionsValidationException exception)
        {
            return exception.Failures;
        }
    }

    // The exporter ignores a wrong address and protocol, and throws an exception without the key for wrong headers, which contain secrets.
    private static IEnumerable<string> TelemetryFailures(IConfiguration configuration)
    {
        if (configuration[Telemetry] is not { } address || string.IsNullOrWhiteSpace(address))
            yield break;
        if (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            yield return $"{Telemetry} must be an address such as http://127.0.0.1:4317, and is '{address}'.";
        if (configuration[TelemetryProtocol] is { Length: > 0 } protocol && protocol is not ("grpc" or "http/protobuf"))
            yield return $"{TelemetryProtocol} must be grpc or http/protobuf, and is '{protocol}'.";
        if (
            configuration[TelemetryHeaders] is { Length: > 0 } headers
            && Uri.UnescapeDataString(headers).Split(',').Any(pair => pair.IndexOf('=', StringComparison.Ordinal) < 1)
        )
            yield return $"{TelemetryHeaders} must be pairs such as name=value, with commas between them.";
    }

    private static string Missing(string what, string name, string example) =>
        $"There is no connection to {what}: {Strings}:{name} is not set. "
        + $"Start the app (dotnet run --project AppHost), or set {Strings}__{name}, for example to {example}.";

    private static string? Given(IConfiguration configuration, string name) =>
        configuration.GetConnectionString(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;
}
