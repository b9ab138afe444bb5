using System.Globalization;

namespace Overnight.AppHost;

/// <summary>Reads the AppHost's numeric settings, and prints the failures that keep it from starting.</summary>
internal static class AppHostSettings
{
    private const string Key = "Replicas";
    private const int MostReplicas = 100;

    /// <summary>
    /// Prints an expected failure that ends the AppHost in one block on standard error, and exits with code 1. The entry point does not
    /// catch it, so that a test that hosts the AppHost gets the exception.
    /// </summary>
    public static void TellFailuresInOneBlock() =>
        AppDomain.CurrentDomain.UnhandledException += static (_, failure) =>
        {
            if (failure.ExceptionObject is not Exception exception || Explain(exception) is not { } message)
                return;
            Console.Error.WriteLine($"Overnight can't start:{Environment.NewLine}  {message}");
            Environment.Exit(1);
        };

    /// <summary>Reads <c>Api:Replicas</c> or <c>Jobs:Replicas</c>, 1 by default, and warns of other keys of the section.</summary>
    /// <exception cref="DistributedApplicationException">The value is no whole number within the bounds.</exception>
    public static int Replicas(this IDistributedApplicationBuilder builder, string section)
    {
        foreach (var other in builder.Configuration.GetSection(section).GetChildren())
        {
            if (!other.Key.Equals(Key, StringComparison.OrdinalIgnoreCase))
                Console.Error.WriteLine($"{other.Path} in the configuration is not known, and is ignored. Did you mean {section}:{Key}?");
        }
        var text = builder.Configuration[$"{section}:{Key}"];
        if (string.IsNullOrWhiteSpace(text))
            return 1;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) && replicas is >= 1 and <= MostReplicas
            ? replicas
            : throw new DistributedApplicationException(
                $"{section}:{Key} must be a whole number between 1 and {MostReplicas}, and is '{text}'."
            );
    }

    private static string? Explain(Exception exception) =>
        exception switch
        {
            DistributedApplicationException => exception.Message,
            // Thrown for a configuration file: the outer message names the file, the inner one its error.
            InvalidDataException { InnerException: { } inner } => $"{exception.Message} {inner.Message}",
            AggregateException { InnerExceptions: [var one] } => Explain(one),
            _ => null,
        };
}
