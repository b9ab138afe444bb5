using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Overnight.Core.Data;
using Overnight.Core.Market.Calendars;
using Overnight.Core.Notices;
using Overnight.Core.Warming;
using Overnight.Jobs.Scheduling;
using Overnight.Jobs.Warming;
using Overnight.Tests.Harness;
using Overnight.Tests.Pipeline;
using static Overnight.Tests.Scheduling.TestMarkets;

namespace Overnight.Tests.Scheduling;

/// <summary>The schedule and its watch over a fixture's database, with a clock that a test turns.</summary>
internal static class Nights
{
    /// <summary>An outbox for a target "ops", which nothing sends to.</summary>
    private static readonly NoticeOutbox Outbox = new(Options.Create(new WebhookOptions { Targets = { ["ops"] = new() } }));

    public static DueRunStarter Schedule(PipelineFixture night, TestClock clock, MarketCatalog? markets = null) =>
        new(
            new(night.Database, markets ?? Catalog(), clock),
            new(night.Database, clock),
            markets ?? Catalog(),
            new(NullLogger<DatabaseState>.Instance),
            clock,
            NullLogger<DueRunStarter>.Instance
        );

    public static NightDeadlineWatch Watch(
        PipelineFixture night,
        TestClock clock,
        MarketCatalog? markets = null,
        NoticeOutbox? outbox = null
    ) =>
        new(
            new(night.Database, outbox ?? Outbox),
            new(night.Database, markets ?? Catalog(), clock),
            new(night.Database, clock),
            markets ?? Catalog(),
            new(NullLogger<DatabaseState>.Instance),
            clock,
            NullLogger<NightDeadlineWatch>.Instance
        );

    public static ScheduleTick Tick(PipelineFixture night, TestClock clock, MarketCatalog? markets = null) =>
        new(
            Schedule(night, clock, markets),
            Watch(night, clock, markets),
            new(
                night.Services,
                new(night.Database, Outbox),
                new(night.Database, clock),
                new(night.Database, clock),
                Options.Create(new WarmingOptions { Enabled = false }),
                new(NullLogger<DatabaseState>.Instance),
                clock,
                NullLogger<WarmDeadlineWatch>.Instance
            )
        );
}
