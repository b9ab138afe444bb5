using System.Globalization;

namespace Overnight.AppHost;

/// <summary>The AppHost's own settings that are numbers, and what keeps it from starting.</summary>
internal static class AppHostSettings
{
    private const string Key = "Replicas";
    private const int MostReplicas = 100;

    /// <summary>
    /// Has a failure that ends the AppHost told in one block on standard error, with exit code 1. Not caught in the entry point, so that
    /// whoever hosts it in a test gets the exception itself.
    /// </summary>
    public static void TellFailuresInOneBlock() =>
        AppDomain.CurrentDomain.UnhandledException += static (_, failure) =>
        {
            if (failure.ExceptionObject is not Exception exception || Explain(exception) is not { } message)
                return;
            Console.Error.WriteLine($"Overnight can't start:{Environment.NewLine}  {message}");
            Environment.Exit(1);
        };

    /// <summary><c>Api:Replicas</c> and <c>Jobs:Replicas</c>.</summary>
    /// <exception cref="DistributedApplicationException">It is no such number, or another key of the section is not known.</exception>
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
            // A file of the configuration: the outer message has its name, the inner one what is wrong in it.
            InvalidDataException { InnerException: { } inner } => $"{exception.Message} {inner.Message}",
            AggregateException { InnerExceptions: [var one] } => Explain(one),
            _ => null,
        };
}
