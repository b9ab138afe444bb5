using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>What keeps a program from starting and is for whoever configured it: one block on standard error, and exit code 1.</summary>
public static class StartFailure
{
    public const int ExitCode = 1;

    /// <summary>
    /// Validates the configuration before the host starts, which would log what is wrong as a failure of its own, with a stack trace.
    /// </summary>
    /// <exception cref="OptionsValidationException">One section is wrong.</exception>
    /// <exception cref="AggregateException">Several are.</exception>
    public static void ValidateConfiguration(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        host.Services.GetService<IStartupValidator>()?.Validate();
    }

    /// <summary>
    /// Has a failure that ends this program told in one block. Not caught in the entry point, so that whoever hosts it in a test gets the
    /// exception itself.
    /// </summary>
    public static void TellInOneBlock() =>
        AppDomain.CurrentDomain.UnhandledException += static (_, failure) =>
        {
            if (failure.ExceptionObject is not Exception exception || Explain(exception) is not { } message)
                return;
            Console.Error.WriteLine(message);
            Environment.Exit(ExitCode);
        };

    /// <returns>What to tell of a failure that is expected; null of any other.</returns>
    public static string? Explain(Exception exception) =>
        exception switch
        {
            OptionsValidationException invalid => Block(invalid.Failures),
            AggregateException several when several.InnerExceptions.All(one => one is OptionsValidationException) => Block(
                several.InnerExceptions.SelectMany(one => ((OptionsValidationException)one).Failures)
            ),
            // A file of the configuration: the outer message has its name, the inner one what is wrong in it.
            InvalidDataException { InnerException: { } inner } => Block([$"{exception.Message} {inner.Message}"]),
            FormatException when exception.Message.StartsWith("Invalid url", StringComparison.Ordinal) =>
                $"ASPNETCORE_URLS or --urls: {exception.Message.TrimEnd('.')}. Expected is for example http://127.0.0.1:5080.",
            IOException { InnerException: AddressInUseException } =>
                $"{exception.Message.TrimEnd('.')}. Stop the program that listens there, or choose another address (ASPNETCORE_URLS or --urls).",
            _ => null,
        };

    private static string Block(IEnumerable<string> failures) =>
        string.Join(
            Environment.NewLine,
            [
                "The configuration is wrong:",
                .. failures.Distinct().Select(failure => $"  {failure}"),
                "As environment variables keys have __ for each colon, such as Night__BatchSize.",
            ]
        );
}
