using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.Hosting;

/// <summary>Prints configuration errors that keep a program from starting in one block on standard error, with exit code 1.</summary>
public static class StartupFailure
{
    public const int ExitCode = 1;

    private const string Server = "Microsoft.AspNetCore.Server.Kestrel";

    /// <summary>
    /// Validates the configuration before the host starts, because the host would log the errors with a stack trace.
    /// </summary>
    /// <exception cref="OptionsValidationException">One section is invalid.</exception>
    /// <exception cref="AggregateException">Several sections are invalid.</exception>
    public static void ValidateConfiguration(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        host.Services.GetService<IStartupValidator>()?.Validate();
    }

    /// <summary>
    /// Starts the host and runs it until it is stopped. One that can't start is not disposed of, because disposing cancels its loops, which
    /// would be logged as failures, with stack traces, before the message.
    /// </summary>
    public static async Task RunToEndAsync(this IHost host)
    {
        ArgumentNullException.ThrowIfNull(host);
        await host.StartAsync();
        try
        {
            await host.WaitForShutdownAsync();
        }
        finally
        {
            if (host is IAsyncDisposable disposable)
                await disposable.DisposeAsync();
            else
                host.Dispose();
        }
    }

    /// <summary>
    /// Prints an expected failure that ends this program in one block, and exits. The entry point does not catch it, so that a test that
    /// hosts the program gets the exception.
    /// </summary>
    public static void TellInOneBlock() =>
        AppDomain.CurrentDomain.UnhandledException += static (_, failure) =>
        {
            if (failure.ExceptionObject is not Exception exception || Explain(exception) is not { } message)
                return;
            Console.Error.WriteLine(message);
            Environment.Exit(ExitCode);
        };

    /// <returns>The text to print for an expected failure; null for any other.</returns>
    public static string? Explain(Exception exception) =>
        exception switch
        {
            OptionsValidationException invalid => Block(invalid.Failures),
            AggregateException several when several.InnerExceptions.All(one => one is OptionsValidationException) => Block(
                several.InnerExceptions.SelectMany(one => ((OptionsValidationException)one).Failures)
            ),
            // Thrown for a configuration file: the outer message names the file, the inner one its error.
            InvalidDataException { InnerException: { } inner } => Block([$"{exception.Message} {inner.Message}"]),
            FormatException when exception.Message.StartsWith("Invalid url", StringComparison.Ordinal) =>
                $"ASPNETCORE_URLS or --urls: {exception.Message.TrimEnd('.')}. Expected is for example http://127.0.0.1:5080.",
            IOException { InnerException: AddressInUseException } =>
                $"{exception.Message.TrimEnd('.')}. Stop the program that listens there, or choose another address (ASPNETCORE_URLS or --urls).",
            // Thrown while the server opens its addresses: a port out of range, another machine's address, or a missing certificate.
            not OperationCanceledException when exception.StackTrace?.Contains(Server, StringComparison.Ordinal) == true =>
                $"The server can't listen as configured: {exception.Message.TrimEnd('.')}. Correct ASPNETCORE_URLS or --urls, or Kestrel:Endpoints and Kestrel:Certificates.",
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
