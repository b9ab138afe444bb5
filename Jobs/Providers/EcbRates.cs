using System.Globalization;
using System.Xml;
using Overnight.Core.Market;
using Overnight.Jobs.Providers.Http;

namespace Overnight.Jobs.Providers;

/// <summary>
/// The euro's daily reference rates of the European Central Bank: <c>Cube time="2026-11-20"</c> around one
/// <c>Cube currency="USD" rate="1.1364"</c> per currency, in units for one euro. Published about 16:00 CET on working days.
/// </summary>
internal sealed class EcbRates(ProviderClient client) : IExchangeRateProvider
{
    private const string Euro = "EUR";
    private static readonly string[] MediaTypes = ["text/xml", "application/xml"];

    // No DTD: nothing is expanded, and nothing outside the document is read.
    private static readonly XmlReaderSettings Safe = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
    };

    public string Name => ProviderNames.Ecb;

    public Task<FetchedRates> FetchAsync(CancellationToken ct) => client.GetAsync("", MediaTypes, Read, ct);

    internal static FetchedRates Read(ReadOnlyMemory<byte> body)
    {
        List<FetchedValue<string>> values = [];
        DateTimeOffset? date = null;
        try
        {
            using MemoryStream stream = new(body.ToArray());
            using var reader = XmlReader.Create(stream, Safe);
            while (reader.Read())
            {
                if (reader.NodeType != XmlNodeType.Element || reader.LocalName != "Cube")
                    continue;
                if (reader.GetAttribute("time") is { } time)
                {
                    // The file of 90 days has the same shape, and its days must not be mixed.
                    if (date is not null)
                        throw new ProviderException(ProviderFault.Malformed, "the answer has several days");
                    date = Dates.Read(time, "the answer's time");
                }
                else if (reader.GetAttribute("currency") is { } currency)
                {
                    values.Add(
                        new(
                            currency,
                            reader.GetAttribute("rate"),
                            date ?? throw new ProviderException(ProviderFault.Malformed, "a rate comes before its day")
                        )
                    );
                }
            }
        }
        catch (XmlException exception)
        {
            throw new ProviderException(ProviderFault.Malformed, $"the answer is no whole XML: it breaks at line {exception.LineNumber}");
        }
        if (date is null)
            throw new ProviderException(ProviderFault.Malformed, "the answer is XML, but has no reference rates");
        return new(Euro, values);
    }
}

internal static class Dates
{
    /// <returns>The midnight of a date, UTC.</returns>
    /// <exception cref="ProviderException">The text is no date, so that the whole answer is refused.</exception>
    public static DateTimeOffset Read(string? text, string what) =>
        TryRead(text) ?? throw new ProviderException(ProviderFault.Malformed, $"{what} is no date");

    /// <returns>Null when it is no date.</returns>
    public static DateTimeOffset? TryRead(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            ? new DateTimeOffset(date, TimeOnly.MinValue, TimeSpan.Zero)
            : null;
}
