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

/// <summary>
/// <c>erase USER | --resume | --list | --replay FILE</c>: removes a user for good, goes on with erasures that broke off, or prints the
/// list of erasures and applies it to a restored backup.
/// </summary>
internal static class EraseCommand
{
    private const string ByEmail = "select id from users where email = $1";

    public static Command Create()
    {
        Argument<string?> user = new("USER") { Description = "E-mail address or id of the user.", Arity = ArgumentArity.ZeroOrOne };
        Option<bool> resume = new("--resume") { Description = "Go on with every erasure that broke off." };
        Option<bool> list = new("--list") { Description = "Print the list of erasures, which names nobody, to be kept with the backups." };
        Option<FileInfo?> replay = new("--replay")
        {
            Description = "After the restore of a backup: erase the users of such a list again who are in the database.",
        };
        Command command = new(
            "erase",
            "Removes a user and all that is of the user from database and cache, for good, and prints a receipt. "
                + "Hashes stay, which prove everybody else's results. Exit code 2 while it waits for the cache, or for the end of a "
                + "rehearsal: a jobs process goes on then."
        )
        {
            user,
            resume,
            list,
            replay,
        };
        command.Validators.Add(result =>
        {
            bool[] given =
            [
                result.GetValue(user) is not null,
                result.GetValue(resume),
                result.GetValue(list),
                result.GetResult(replay) is { Implicit: false },
            ];
            if (given.Count(one => one) != 1)
                result.AddError("Give either USER, --resume, --list or --replay FILE.");
        });
        command.SetWork(
            (parsed, services, output, ct) =>
                parsed.GetValue(list) ? ListAsync(services.GetRequiredService<NpgsqlDataSource>(), output, ct)
                : parsed.GetValue(replay) is { } file ? ReplayAsync(services, output, file, ct)
                : RunAsync(services, output, parsed.GetValue(user), ct),
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
            isWhole &= await GoOnAsync(erasures, erasure, output, ct);
        if (asked.Count == 0)
            output.Line("No erasure is open.");
        return isWhole ? CommandLine.Success : CommandLine.Partial;
    }

    private static async Task<int> ListAsync(NpgsqlDataSource database, CommandOutput output, CancellationToken ct)
    {
        var (erasures, unlisted) = await ErasureReplayList.ReadAsync(database, ct);
        output.Line("# erasure, requested at, hash of the user's id");
        foreach (var erasure in erasures)
            output.Line($"{erasure}");
        if (unlisted > 0)
            output.Line($"# Not in the list, because an older build kept no hash: {Plural.Of(unlisted, "erasure")}.");
        return CommandLine.Success;
    }

    private static async Task<int> ReplayAsync(IServiceProvider services, CommandOutput output, FileInfo file, CancellationToken ct)
    {
        var listed = await ReadAsync(file, ct);
        var erasures = services.GetRequiredService<UserErasure>();
        var users = await ErasureReplayList.FindUsersAsync(services.GetRequiredService<NpgsqlDataSource>(), listed, ct);
        output.Line($"{Plural.Of(listed.Count, "erasure")} in the list; in the database: {Plural.Of(users.Count, "user")} of them.");
        var (isWhole, isRefused) = (true, false);
        foreach (var (id, user) in users)
        {
            try
            {
                if (await erasures.RequestAsync(user, Actor.Command, ct, id) is { } erasure)
                    isWhole &= await GoOnAsync(erasures, erasure, output, ct);
            }
            catch (RequestException refused)
            {
                // The others are erased all the same.
                isRefused = true;
                output.Line(refused.Message);
            }
        }
        return isRefused ? CommandLine.Failed
            : isWhole ? CommandLine.Success
            : CommandLine.Partial;
    }

    private static async Task<List<ListedErasure>> ReadAsync(FileInfo file, CancellationToken ct)
    {
        List<ListedErasure> listed = [];
        try
        {
            var number = 0;
            await foreach (var line in File.ReadLinesAsync(file.FullName, ct))
            {
                number++;
                if (line.Trim() is not "" and not ['#', ..])
                    listed.Add(
                        ListedErasure.Read(line)
                            ?? throw new CommandException(
                                $"--replay: line {number} of {file.FullName} is no erasure. "
                                    + "Expected are an id, a time and a hash of 64 digits, as jobs erase --list prints them."
                            )
                    );
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--replay: {exception.Message}", exception);
        }
        return listed;
    }

    /// <returns>Whether it is completed.</returns>
    private static async Task<bool> GoOnAsync(UserErasure erasures, Guid erasure, CommandOutput output, CancellationToken ct)
    {
        if (await erasures.GoOnAsync(erasure, ct) is not { } receipt)
            return true;
        foreach (var line in Lines(receipt))
            output.Line(line);
        return receipt.CompletedAt is not null;
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

    private static IEnumerable<string> Lines(ErasureStatus receipt)
    {
        yield return receipt.CompletedAt is { } at
            ? $"Erasure {receipt.Id} is completed, {at.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; it is seal {receipt.Seal} of the chain."
            : $"Erasure {receipt.Id} waits for {UserErasure.Words(receipt.WaitsFor)}. "
                + "Everything else is removed; a jobs process goes on, or: jobs erase --resume";
        foreach (var (kind, rows) in receipt.Removed)
            yield return $"  {kind}: {rows:N0}";
    }
}
