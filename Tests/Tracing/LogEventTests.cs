using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Overnight.Api;
using Overnight.Core.Caching;
using Overnight.Jobs.Commands;

namespace Overnight.Tests.Tracing;

/// <summary>By its id a message is found, filtered and alarmed on, whatever its text is.</summary>
public sealed class LogEventTests
{
    private const BindingFlags Own =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    [Fact]
    public void EventIds_OfTheWholeProduct_AreOneMessageEach()
    {
        Assembly[] product =
        [
            typeof(CacheStore).Assembly,
            typeof(ApiMarker).Assembly,
            typeof(CommandLine).Assembly,
            typeof(ServiceDefaultsExtensions).Assembly,
            typeof(LocalPostgresOptions).Assembly,
        ];
        var messages = product
            .SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(Own))
            .Select(method =>
                (
                    Name: $"{method.DeclaringType!.DeclaringType?.Name}.{method.Name}",
                    method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId
                )
            )
            .Where(message => message.EventId is not null)
            .ToList();

        Assert.InRange(messages.Count, 40, int.MaxValue);
        Assert.All(messages, message => Assert.InRange(message.EventId!.Value, 1, int.MaxValue));
        Assert.Empty(
            messages
                .GroupBy(message => message.EventId)
                .Where(same => same.Count() > 1)
                .Select(same => $"{same.Key}: {string.Join(", ", same.Select(message => message.Name))}")
        );
    }
}
