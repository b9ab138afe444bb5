using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Overnight.Jobs.Demo;

namespace Overnight.Jobs.Commands;

/// <summary>
/// <c>token</c>: makes a session of a demo account, in Development only. Only its token is written to standard output.
/// </summary>
internal static class TokenCommand
{
    public static Command Create()
    {
        Option<bool> admin = new("--admin") { Description = "Makes a session of the demo admin instead of the demo user." };
        Command command = new("token", "Development only: prints the token of a new session of the demo user, for 24 hours.") { admin };
        command.SetWork(
            (parsed, services, output, ct) =>
                RunAsync(services, output, parsed.GetValue(admin) ? DemoAccounts.Admin : DemoAccounts.User, ct),
            builder => builder.Services.AddSingleton<DemoSessions>()
        );
        return command;
    }

    private static async Task<int> RunAsync(IServiceProvider services, CommandOutput output, string email, CancellationToken ct)
    {
        if (!services.GetRequiredService<IHostEnvironment>().IsDevelopment())
            throw new CommandException("token is for Development alone: elsewhere sign in, POST /api/sessions.");
        output.Line(
            await services.GetRequiredService<DemoSessions>().CreateAsync(email, ct)
                ?? throw new CommandException(
                    $"There is no account {email}: the demo data is not there (jobs seed), or the account was deleted or banned."
                )
        );
        return CommandLine.Success;
    }
}
