using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core.Data;
using Overnight.Core.Notices;
using Overnight.Jobs.Notices;
using Overnight.Tests.Harness;

namespace Overnight.Tests.Notices;

/// <summary>An outbox with one target, "ops", and its senders, over a database of the test's own.</summary>
internal sealed class Outbox(NpgsqlDataSource database, TestClock clock, string url, bool allowPrivate = true) : IDisposable
{
    /// <summary>Of the test's, 24 bytes.</summary>
    public const string Secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";

    private readonly IOptions<WebhookOptions> _options = Microsoft.Extensions.Options.Options.Create(
        new WebhookOptions
        {
            LinkBase = "https://overnight.example/",
            Targets =
            {
                ["ops"] = new()
                {
                    Url = url,
                    Secret = Secret,
                    AllowPrivateAddresses = allowPrivate,
                },
            },
        }
    );

    private WebhookClient? _client;

    public WebhookOptions Options => _options.Value;

    public NoticeOutbox Notices => new(_options);

    public WebhookClient Client => _client ??= new(_options, clock);

    public WebhookSender Sender() => new(database, Client, _options, clock, NullLogger<WebhookSender>.Instance);

    /// <summary>The service's loop, by the machine's clock.</summary>
    public WebhookLoop Loop() =>
        new(Sender(), _options, new(NullLogger<DatabaseState>.Instance), TimeProvider.System, NullLogger<WebhookLoop>.Instance);

    public async Task<Guid> AddAsync(string subject, string name = NoticeEvents.NightLate)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await Notices.WriteAsync(connection, new(name, subject, new { Subject = subject }), clock.GetUtcNow(), default);
    }

    /// <summary>The deliveries, in the order of their notices.</summary>
    public async Task<string> StatesAsync()
    {
        await using var command = database.CreateCommand(
            "select coalesce(string_agg(n.event || ' ' || d.state || ' ' || d.attempts, ', ' order by n.number), '') from notices n join notice_deliveries d on d.notice_id = n.id"
        );
        return (string)(await command.ExecuteScalarAsync())!;
    }

    public void Dispose() => _client?.Dispose();
}
