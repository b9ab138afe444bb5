using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Data;
using Overnight.Core.Erasures;
using Overnight.Core.Sessions;
using Overnight.Jobs.Erasures;

namespace Overnight.Jobs.Commands;

/// <summary><c>erase USER | --resume</c>: removes a user for good, or goes on with erasures that broke off.</summary>
internal static class EraseCommand
{
    private const string ByEmail = "select id from users where email = $1";

    public static Command Create()
    {
        Argument<string?> user = new("USER") { Description = "E-mail address or id of the user.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> resume = new("--resume") { Description = "Go on with every erasure that broke off." };
        Command command = new(
            "erase",
            "Removes a user and all that is of the user from database and cache, for good, and prints a receipt. Hashes stay, which prove everybody else's results. Exit code 2 when the cache does not answer: a jobs process goes on then."
        )
        {
            user,
            resume,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(user) is null != result.GetValue(resume))
                result.AddError("Give either USER or --resume.");
        });
        command.SetWork(
            (parsed, services, output, ct) => RunAsync(services, output, parsed.GetValue(user), ct),
            builder => builder.AddErasure()
        );
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, string? user, CancellationToken ct)
    {
        var erasures = services.GetRequiredService<UserErasure>();
        IReadOnlyList<Guid> asked = user is null
            ? await erasures.FindOpenAsync(ct)
            : [await RequestAsync(erasures, services.GetRequiredService<NpgsqlDataSource>(), user, ct)];
        var isWhole = true;
        foreach (var erasure in asked)
        {
            if (await erasures.GoOnAsync(erasure, ct) is not { } receipt)
                continue;
            isWhole &= receipt.CompletedAt is not null;
            foreach (var line in Lines(receipt))
                output.Line(line);
        }
        if (asked.Count == 0)
            output.Line("No erasure is open.");
        return isWhole ? CommandLine.Success : CommandLine.Partial;
    }

    private static async Task<Guid> RequestAsync(UserErasure erasures, NpgsqlDataSource database, string user, CancellationToken ct)
    {
        if (!Guid.TryParse(user, out var id))
        {
            if (!EmailAddress.TryNormalise(user, out var email))
                throw new CommandException($"USER must be an e-mail address or an id, not '{user}'.");
            await using var find = database.Command(ByEmail, email);
            id =
                await find.ExecuteScalarAsync(ct) as Guid?
                ?? throw new CommandException($"USER: there is no user with the e-mail address {email}.");
        }
        try
        {
            return await erasures.RequestAsync(id, Actor.Command, ct) ?? throw new CommandException($"USER: there is no user {id}.");
        }
        catch (RequestException refused)
        {
            throw new CommandException(refused.Message, refused, CommandLine.Failed);
        }
    }

    private static IEnumerable<string> Lines(ErasureReceipt receipt)
    {
        yield return receipt.CompletedAt is { } at
            ? $"Erasure {receipt.Id} is completed, {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; it is seal {receipt.Seal} of the chain."
            : $"Erasure {receipt.Id} waits for the cache, which does not answer. Everything else is removed; a jobs process goes on, or: jobs erase --resume";
        foreach (var (kind, rows) in receipt.Removed)
            yield return $"  {kind}: {rows:N0}";
    }
}
