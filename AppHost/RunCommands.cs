// ASPIREPROCESSCOMMAND001: commands of Jobs run as processes, and Aspire's API for that is marked experimental.
#pragma warning disable ASPIREPROCESSCOMMAND001
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Overnight.AppHost;

/// <summary>
/// The commands of <c>night</c>, in the dashboard and as <c>aspire resource night run --market NYSE</c>. Each command checks its own
/// preconditions, because the command line calls it without asking for the resource's state.
/// </summary>
internal static class RunCommands
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        // The output is shown as text and never embedded in HTML.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static IResourceBuilder<RunResource> WithRunCommands(this IResourceBuilder<RunResource> night) =>
        night
            .WithCommand(
                "run",
                "Run a night",
                context =>
                    AskAsync(
                        night.Resource,
                        context,
                        "/api/runs",
                        new(
                            ("market", Text(context, "market")),
                            ("date", Text(context, "date")),
                            ("again", Text(context, "again") is { } again ? bool.Parse(again) : null)
                        )
                    ),
                new()
                {
                    Description = "Starts the night of a market, or joins the run that exists.",
                    IconName = "WeatherMoon",
                    IsHighlighted = true,
                    Arguments =
                    [
                        Input("market", "Market", "Market code; NYSE when left out.", "NYSE"),
                        Input("date", "Business date", "The date of the open that is prepared; the next one when left out.", "yyyy-MM-dd"),
                        new()
                        {
                            Name = "again",
                            Label = "Again",
                            Description = "Starts the next revision where the night's run is finished.",
                            InputType = InputType.Boolean,
                        },
                    ],
                    ValidateArguments = ValidateDateAsync,
                }
            )
            .WithCommand(
                "retry",
                "Retry what failed",
                context => AskAsync(night.Resource, context, "/api/runs/latest/retry", null),
                new() { Description = "Computes again only the users that failed in the latest night.", IconName = "ArrowRepeatAll" }
            )
            .WithCommand(
                "warm",
                "Warm the cache",
                context =>
                    AskAsync(
                        night.Resource,
                        context,
                        "/api/admin/cache/warm",
                        new(
                            (
                                "sets",
                                Text(context, "sets")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                            )
                        )
                    ),
                new()
                {
                    Description = "Warms every set or those named. A set that another process is already warming is skipped.",
                    IconName = "Fire",
                    Arguments = [Input("sets", "Sets", "Names of warm sets, between commas; all of them when left out.", "sessions,flags")],
                }
            )
            .WithProcessCommand(
                "doctor",
                "Doctor",
                _ => Jobs(night.Resource, "doctor"),
                new()
                {
                    Description = "Looks for what is wrong with database, cache, calendars and configuration.",
                    IconName = "Stethoscope",
                }
            )
            .WithProcessCommand(
                "schedule",
                "Schedule",
                context =>
                    Jobs(night.Resource, ["schedule", .. Text(context, "market") is { } market ? (string[])["--market", market] : []]),
                new()
                {
                    Description = "Shows when the next nights of each market are due, and why there is none on a day.",
                    IconName = "CalendarClock",
                    Arguments = [Input("market", "Market", "Market code; every market when left out.", "NYSE")],
                    MaxOutputLineCount = 200,
                }
            );

    private static async Task<ExecuteCommandResult> AskAsync(
        RunResource night,
        ExecuteCommandContext context,
        string path,
        JsonFields? body
    )
    {
        try
        {
            using var answer = await night.Client.SendAsync(HttpMethod.Post, path, body, context.CancellationToken, isTraced: true);
            var text = await answer.Content.ReadAsStringAsync(context.CancellationToken);
            CommandResultData data = new()
            {
                Value = Pretty(text),
                Format = CommandResultFormat.Json,
                DisplayImmediately = true,
            };
            return answer.IsSuccessStatusCode
                ? CommandResults.Success($"The api answered {(int)answer.StatusCode}.", data)
                : CommandResults.Failure($"The api answered {(int)answer.StatusCode}.", data);
        }
        catch (HttpRequestException exception)
        {
            return CommandResults.Failure(
                $"The api does not answer ({exception.Message}): wait until the resource api is healthy, or look at its logs."
            );
        }
    }

    /// <summary>
    /// A command of Jobs, run from the executable that was built with the AppHost; it finds the servers of the running app by itself.
    /// </summary>
    private static ProcessCommandSpec Jobs(RunResource night, params string[] arguments) =>
        new("dotnet")
        {
            WorkingDirectory = Path.GetDirectoryName(new Projects.Jobs().ProjectPath),
            EnvironmentVariables = new Dictionary<string, string> { ["Overnight__DataDirectory"] = night.DataDirectory },
            Arguments =
            [
                "run",
                "--no-build",
                "--configuration",
                typeof(RunCommands).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration,
                "--",
                .. arguments,
            ],
        };

    private static InteractionInput Input(string name, string label, string description, string placeholder) =>
        new()
        {
            Name = name,
            Label = label,
            Description = description,
            Placeholder = placeholder,
            InputType = InputType.Text,
        };

    private static Task ValidateDateAsync(InputsDialogValidationContext context)
    {
        if (
            context.Inputs.GetString("date") is { Length: > 0 } date
            && !DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
        )
            context.AddValidationError("date", $"must be a day of the calendar as yyyy-MM-dd, not {date}");
        return Task.CompletedTask;
    }

    private static string? Text(ExecuteCommandContext context, string name) =>
        context.Arguments.TryGetByName(name, out var input) && input.Value is { Length: > 0 } value ? value : null;

    private static string Pretty(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return JsonSerializer.Serialize(document, Indented);
        }
        catch (JsonException)
        {
            return text;
        }
    }
}
