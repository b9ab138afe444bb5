using System.CommandLine;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Overnight.Core;
using Overnight.Core.Actions;
using Overnight.Core.Caching;
using Overnight.Core.Data;
using Overnight.Core.Sessions;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>user password EMAIL</c>: sets a user's password. It is read from a file or from standard input and is no argument, since
/// arguments show in lists of processes.
/// </summary>
internal static class UserCommand
{
    private const string TenantOfAdministrator =
        "select tenant_id from users where email = $1 and role = 'admin' and tenant_id is not null and deleted_at is null";

    public static Command Create() => new("user", "Manages accounts.") { Password() };

    private static Command Password()
    {
        Argument<string> email = new("EMAIL") { Description = "E-mail address of the account." };
        Option<FileInfo?> file = new("--file")
        {
            Description = "A file whose first line is the password, readable by its owner alone (mode 0600); standard input when left out.",
        };
        Command command = new(
            "password",
            $"Sets a user's password, of {PasswordRules.Least} to {PasswordRules.Most} characters and not a common one, and ends every session of the user."
        )
        {
            email,
            file,
        };
        command.SetWork(
            (parsed, services, output, ct) => SetAsync(services, output, parsed.GetValue(email)!, parsed.GetValue(file), ct),
            builder =>
            {
                builder.Services.AddCaching().AddSessionReading().AddSingleton<IPasswordHasher<string>, PasswordHasher<string>>();
                builder.Services.Configure<PasswordHasherOptions>(hasher => hasher.IterationCount = PasswordRules.Iterations);
            }
        );
        return command;
    }

    private static async Task<int> SetAsync(
        IServiceProvider services,
        CommandOutput output,
        string address,
        FileInfo? file,
        CancellationToken ct
    )
    {
        if (!EmailAddress.TryNormalise(address, out var email))
            throw new CommandException($"EMAIL must be an e-mail address of at most {EmailAddress.Most} characters, not '{address}'.");
        await RefuseAdministratorOfTenantAsync(services, email, ct);
        var password = await PasswordInput.ReadAsync(file, ct);
        if (PasswordRules.Failure(password) is { } failure)
            throw new CommandException(failure);

        var hash = services.GetRequiredService<IPasswordHasher<string>>().HashPassword(email, password);
        var ended = await services.GetRequiredService<PasswordStore>().SetAsync(email, hash, Actor.Command)
            ?? throw new CommandException($"EMAIL: there is no user with the e-mail address {email}.");
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        output.Line(
            $"The password of {email} is set; {Plural.Of(ended.Ended, "session")} ended"
                + (
                    ended.HeldFrom > now
                        ? $", which nodes may go on accepting until {ended.HeldFrom.UtcDateTime:HH:mm:ss} UTC, because {(services.GetRequiredService<CacheCircuit>().IsAbsent ? "no cache is configured here" : "the cache does not answer")}."
                        : "."
                )
        );
        return CommandLine.Success;
    }

    private static async Task RefuseAdministratorOfTenantAsync(IServiceProvider services, string email, CancellationToken ct)
    {
        await using var command = services.GetRequiredService<NpgsqlDataSource>().Command(TenantOfAdministrator, email);
        if (await command.ExecuteScalarAsync(ct) is Guid tenant)
        {
            throw new CommandException(
                $"{email} is an administrator and belongs to tenant {tenant}: an administrator acts for all tenants, and so belongs to none. "
                    + $"Take one from it first: update users set tenant_id = null (or role = 'user') where email = '{email}'."
            );
        }
    }
}
