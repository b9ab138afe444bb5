using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Recommendations;
using Overnight.Core.Results;
using Overnight.Core.Sessions;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>cache show USER</c> and <c>cache invalidate USER | --all</c>: shows and removes cached recommendations.
/// </summary>
internal static class CacheEntryCommands
{
    public static Command Show()
    {
        Argument<string> user = User();
        Command command = new(
            "show",
            "Shows whether a user's recommendations are in the cache, and how long they stay. Exit code 3 when they are not."
        )
        {
            user,
        };
        command.SetWork(
            (parsed, services, output, ct) => ShowAsync(services, output, parsed.GetValue(user)!, ct),
            builder => builder.Services.AddResults()
        );
        return command;
    }

    public static Command Invalidate()
    {
        var user = User();
        user.Arity = ArgumentArity.ZeroOrOne;
        Option<bool> all = new("--all") { Description = "Removes the entries of every user." };
        Command command = new(
            "invalidate",
            "Removes a user's recommendations and portfolio from the cache server and from every node's memory; "
                + "the next request reads PostgreSQL and caches them again."
        )
        {
            user,
            all,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == (result.GetValue(user) is not null))
                result.AddError("Give a USER, or --all.");
        });
        command.SetWork(
            (parsed, services, output, ct) =>
                parsed.GetValue(all)
                    ? InvalidateAllAsync(services, output, ct)
                    : InvalidateAsync(services, output, parsed.GetValue(user)!, ct),
            builder => builder.Services.AddResults()
        );
        return command;
    }

    private static async Task<int> ShowAsync(IServiceProvider services, CommandOutput output, string who, CancellationToken ct)
    {
        var cache = await CommandServices.RequireCacheAsync(services);
        var user = await FindAsync(services, who, ct);
        if (await cache.LookAsync(CacheKeys.Recommendations(user)) is not { } state)
            throw new CommandException("The cache does not answer.");
        if (!state.Exists)
        {
            output.Line($"{CacheKeys.Recommendations(user)} is not in the cache.");
            return CommandLine.Failed;
        }
        var (_, entry) = await cache.GetAsync(CacheKeys.Recommendations(user));
        output.Line(
            $"{CacheKeys.Recommendations(user)}: {state.Remaining?.ToString(@"hh\:mm\:ss") ?? "no time"} left, "
                + $"{(entry is null || !ResultIntegrity.AreOf(user, entry) ? "damaged or written by another build" : $"{entry.Length:N0} bytes, whole")}."
        );
        return CommandLine.Success;
    }

    private static async Task<int> InvalidateAsync(IServiceProvider services, CommandOutput output, string who, CancellationToken ct)
    {
        await CommandServices.RequireCacheAsync(services);
        var user = await FindAsync(services, who, ct);
        if (await services.GetRequiredService<ResultInvalidation>().OneAsync(user) is null)
            throw new CommandException("The cache does not answer; the entry lives until its TTL ends.");
        await LogAsync(services, new(Actor.Command, LoggedAction.Invalidate, "invalidated") { Subject = user });
        output.Line($"{CacheKeys.Recommendations(user)} is forgotten.");
        return CommandLine.Success;
    }

    private static async Task<int> InvalidateAllAsync(IServiceProvider services, CommandOutput output, CancellationToken ct)
    {
        await CommandServices.RequireCacheAsync(services);
        var (removed, isWhole) = await services.GetRequiredService<ResultInvalidation>().AllAsync(ct);
        await LogAsync(
            services,
            new(Actor.Command, LoggedAction.Invalidate, isWhole ? "invalidated" : "partial") { Detail = new { Results = removed } }
        );
        output.Line(
            $"{(removed == 1 ? "1 entry is" : $"{removed:N0} entries are")} forgotten"
                + $"{(isWhole ? "." : ", then the cache went away: the rest lives until its TTL ends.")}"
        );
        return CommandLine.CodeOf(isWhole, removed > 0);
    }

    /// <summary>After the removal, which is no transaction, because how it ended is part of the entry.</summary>
    private static Task LogAsync(IServiceProvider services, ActionEntry entry) =>
        ActionLog.WriteAsync(
            services.GetRequiredService<NpgsqlDataSource>(),
            entry,
            services.GetRequiredService<TimeProvider>().GetUtcNow(),
            CancellationToken.None
        );

    private static Argument<string> User() => new("USER") { Description = "Id or e-mail address." };

    private static async Task<Guid> FindAsync(IServiceProvider services, string who, CancellationToken ct)
    {
        if (Guid.TryParse(who, out var id))
            return id;
        await using var command = services.GetRequiredService<NpgsqlDataSource>().CreateCommand("select id from users where email = $1");
        command.Parameters.Add(new() { Value = EmailAddress.TryNormalise(who, out var email) ? email : who });
        return (Guid?)await command.ExecuteScalarAsync(ct)
            ?? throw new CommandException($"USER: there is no user '{who}'. Give an id or an e-mail address.");
    }
}
