using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Explanations;
using Overnight.Core.Portfolios;
using Spectre.Console;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>why USER ASSET</c>: explains one holding of a user's result, as <c>GET /api/calculations/{run}/why/{asset}</c> does, and like it is
/// recorded for the user to see.
/// </summary>
internal static class WhyCommand
{
    private const string UserByEmail = "select id from users where email = lower($1) and deleted_at is null";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        Argument<string> user = new("USER") { Description = "Id or e-mail address of the user." };
        Argument<string> asset = new("ASSET") { Description = "Id or symbol of a holding of the result." };
        Option<Guid?> run = new("--run") { Description = "Id of the run whose result is explained; the result in force when left out." };
        Option<bool> json = new("--json") { Description = "Print the document that the api answers with." };
        Command command = new(
            "why",
            "Explains why a holding has its amount: class, criteria, priority, what became of the contribution, and what would have made it the first to buy."
        )
        {
            user,
            asset,
            run,
            json,
        };
        command.SetWork(
            (parsed, services, output, ct) =>
                RunAsync(
                    services,
                    output,
                    parsed.GetValue(user)!,
                    parsed.GetValue(asset)!,
                    parsed.GetValue(run),
                    parsed.GetValue(json),
                    ct
                ),
            // One result is read, whose snapshot need not stay.
            builder => builder.Services.AddSingleton(new SnapshotMemory(0)).AddSingleton<CapturedInputsReader>()
        );
        return command;
    }

    private static async Task<int> RunAsync(
        IServiceProvider services,
        CommandOutput output,
        string user,
        string asset,
        Guid? run,
        bool asJson,
        CancellationToken ct
    )
    {
        var database = services.GetRequiredService<NpgsqlDataSource>();
        var userId = await UserAsync(database, user, ct);
        try
        {
            var result = await services.GetRequiredService<CapturedInputsReader>().FindAsync(userId, run, ct)
                ?? throw new CommandException(
                    run is null ? $"USER: user {userId} has no result in force." : $"--run: run {run} has no result of user {userId}."
                );
            await RecordAsync(database, userId, result, services.GetRequiredService<TimeProvider>().GetUtcNow(), ct);
            var (document, holding) = HoldingWhyDocument.Of(result, AssetIn(result, asset)) ?? throw NoSuchAsset(result, asset);
            if (document.Holding.Rank is not null)
                document = document with { First = CounterfactualsDocument.Find(result, holding, ct) };
            if (asJson)
                output.Line(JsonSerializer.Serialize(document, Json));
            else
                Print(document, output);
            return CommandLine.Success;
        }
        catch (Exception exception) when (exception is CalculationException or InvalidDataException)
        {
            throw new CommandException($"The result can't be calculated again: {exception.Message}", exception, CommandLine.Failed);
        }
    }

    private static async Task<Guid> UserAsync(NpgsqlDataSource database, string user, CancellationToken ct)
    {
        if (Guid.TryParseExact(user, "D", out var id))
            return id;
        await using var command = database.Command(UserByEmail, user);
        return await command.ExecuteScalarAsync(ct) is Guid found
            ? found
            : throw new CommandException($"USER: there is no user with the id or e-mail address '{user}'.");
    }

    /// <summary>Tells the user, before anything is printed, that an operator opened the result.</summary>
    private static async Task RecordAsync(
        NpgsqlDataSource database,
        Guid user,
        CapturedCalculation result,
        DateTimeOffset now,
        CancellationToken ct
    )
    {
        try
        {
            await ResultReadLog.WriteAsync(database, user, result.RunId, result.BusinessDate, Actor.Command, now, ct);
        }
        catch (NpgsqlException exception)
        {
            throw new CommandException(
                "Not shown: its user is told who opens a result, and this could not be recorded. "
                    + (DatabaseErrors.Explain(exception, null) ?? exception.Message),
                exception,
                CommandLine.Failed
            );
        }
    }

    private static Guid AssetIn(CapturedCalculation result, string asset)
    {
        if (Guid.TryParseExact(asset, "D", out var id))
            return id;
        var market = result.Inputs.Market;
        var held = result.Inputs.Portfolio.Holdings.Select(h => market.Assets[h.Asset]);
        return held.FirstOrDefault(one => string.Equals(one.Symbol, asset, StringComparison.OrdinalIgnoreCase))?.Id
            ?? throw NoSuchAsset(result, asset);
    }

    private static CommandException NoSuchAsset(CapturedCalculation result, string asset) =>
        new($"ASSET: the result of run {result.RunId} has no holding '{asset}'.");

    private static void Print(HoldingWhyDocument document, CommandOutput output)
    {
        var (holding, currency) = (document.Holding, document.BaseCurrency);
        output.Line($"{holding.Symbol} {holding.Name}".TrimEnd());
        output.Line(
            $"{document.Run.Market}, {document.Run.BusinessDate:yyyy-MM-dd}, revision {document.Run.Revision}, run {document.Run.RunId}"
        );
        output.Line(
            holding.Rank is { } rank
                ? $"Rank {rank}, {holding.Amount} {currency} of {document.Contribution ?? "0.0000"}: priority {holding.Priority}, score {holding.Score}."
                : $"Left out, because it has no price. Score {holding.Score}."
        );
        if (holding.Class is { } own)
        {
            output.Line(
                $"Class {own.ClassName}: {own.Share} % of the portfolio, target {own.TargetMin} to {own.TargetMax} %, gap {own.Gap} points"
                    + (own.OverAllocated ? "; above its target, so nothing of it is bought." : ".")
            );
        }
        Table criteria = new();
        criteria.AddColumns("Criterion", "Rule", "Value", "Outcome", "Points");
        foreach (var one in holding.Criteria)
        {
            criteria.AddRow(
                Markup.Escape(one.Name),
                Markup.Escape(
                    $"{one.Metric} {one.Operator} {one.Bound}{(one.UpperBound is null ? "" : $" and {one.UpperBound}")}".TrimEnd()
                ),
                one.Value ?? "unknown",
                one.Missing.Count == 0 ? one.Outcome : $"{one.Outcome}: no {string.Join(", ", one.Missing)}",
                $"{one.Points} of {one.PointsIfMatched}"
            );
        }
        output.Write(criteria);
        var parts = holding.Contribution;
        output.Line(
            $"Amount {holding.Amount} = share {parts.Share} - pooled out {parts.PooledOut} + pooled in {parts.PooledIn} + remainder {parts.Remainder}"
        );
        foreach (var line in First(document.First, currency))
            output.Line(line);
    }

    private static IEnumerable<string> First(CounterfactualsDocument? first, string currency)
    {
        if (first is null)
            return ["Nothing would have made it the first to buy: it has no price."];
        if (first.IsFirst)
            return ["It is the first to buy."];
        return
        [
            "What would have made it the first to buy:",
            first.Fundamental is { } fundamental
                ? $"- {fundamental.Metric} {fundamental.To} instead of {fundamental.From} ({fundamental.Criterion})"
                : "- no change of one fundamental",
            first.Target is { } target
                ? $"- a target of {target.TargetMin} to {target.TargetMax} % for {target.ClassName}, moved by {target.Points} points"
                : "- no shift of its class's target range",
            first.Cash is { } cash
                ? $"- {cash.Amount.TrimStart('-')} {currency} {(cash.Amount.StartsWith('-') ? "less" : "more")} of value in {cash.ClassName}"
                : "- no value more or less in a class",
        ];
    }
}
