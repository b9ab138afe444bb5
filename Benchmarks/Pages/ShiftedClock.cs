using System.Globalization;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Overnight.Benchmarks.Pages;

[assembly: HostingStartup(typeof(ShiftedClock))]

namespace Overnight.Benchmarks.Pages;

/// <summary>Brought into the Api's process by ASP.NET Core's hosting startup: its clock starts at a given time.</summary>
internal sealed class ShiftedClock : IHostingStartup
{
    /// <summary>Variable with that time, in ISO 8601; the machine's clock without it.</summary>
    public const string NowVariable = "OVERNIGHT_BENCHMARK_NOW";

    public void Configure(IWebHostBuilder builder)
    {
        if (Environment.GetEnvironmentVariable(NowVariable) is { Length: > 0 } text)
        {
            var now = DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
            builder.ConfigureServices(services => services.AddSingleton<TimeProvider>(new Shifted(now)));
        }
    }

    private sealed class Shifted(DateTimeOffset start) : TimeProvider
    {
        private readonly TimeSpan _shift = start - System.GetUtcNow();

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _shift;
    }
}
