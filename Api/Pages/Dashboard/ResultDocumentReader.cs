using System.Buffers.Text;
using System.Text.Json;
using Overnight.Api.Dashboard;

namespace Overnight.Api.Pages.Dashboard;

/// <summary>
/// Parses an entry once, from its bytes. Unknown fields are skipped, and fields that an older writer did not know keep their defaults.
/// Decimals are strings and become decimals, never floating-point numbers.
/// </summary>
internal static class ResultDocumentReader
{
    /// <exception cref="JsonException">The entry is no JSON; its checksum was right, so it was written so.</exception>
    public static ResultDocument Read(ReadOnlySpan<byte> entry)
    {
        ResultDocument result = new() { Times = new ResultTimesScanner(entry).Times() };
        Utf8JsonReader json = new(entry);
        json.Read();
        while (Next(ref json, out var name))
        {
            switch (name)
            {
                case "recommendations":
                    result = result with { Recommendations = Recommendations(ref json) };
                    break;
                case "classes":
                    result = result with { Classes = Classes(ref json) };
                    break;
                case "portfolioSummary":
                    result = Summary(ref json, result);
                    break;
                case "dataFreshness":
                    result = result with { CriteriaVersion = Field(ref json, "criteriaVersion") ?? "" };
                    break;
                case "totalInvestable":
                    result = result with { TotalInvestable = Decimal(ref json) };
                    break;
                case "baseCurrency":
                    result = result with { Currency = json.GetString() ?? "" };
                    break;
                case "unallocated":
                    result = result with { Unallocated = Decimal(ref json) };
                    break;
                case "leftOut":
                    result = result with { LeftOut = LeftOut(ref json) };
                    break;
                case "run":
                    result = Run(ref json, result);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        return result;
    }

    /// <returns>Null for an entry that is damaged, or of a writer that this build does not know.</returns>
    public static ResultDocument? TryRead(ReadOnlySpan<byte> entry)
    {
        try
        {
            return Read(entry);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // The page says so; the next night replaces the entry.
            return null;
        }
    }

    /// <summary>Moves to the value of the object's next field; false at its end.</summary>
    private static bool Next(ref Utf8JsonReader json, out string name)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.PropertyName)
        {
            name = "";
            return false;
        }
        name = json.GetString()!;
        json.Read();
        return true;
    }

    private static List<StoredRecommendation> Recommendations(ref Utf8JsonReader json)
    {
        List<StoredRecommendation> items = [];
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            // The order of the list is the order of priority, so an entry without ranks has them too.
            StoredRecommendation item = new(items.Count + 1, "", null, null, 0, 0, 0, 0, "none");
            while (Next(ref json, out var name))
            {
                switch (name)
                {
                    case "rank" when json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var rank):
                        item = item with { Rank = rank };
                        break;
                    case "assetId" when json.TokenType == JsonTokenType.String && json.TryGetGuid(out var asset):
                        item = item with { AssetId = asset };
                        break;
                    case "symbol":
                        item = item with { Symbol = json.GetString() ?? "" };
                        break;
                    case "name":
                        item = item with { Name = json.GetString() };
                        break;
                    case "className":
                        item = item with { ClassName = json.GetString() };
                        break;
                    case "score":
                        item = item with { Score = Decimal(ref json) };
                        break;
                    case "amount":
                        item = item with { Amount = Decimal(ref json) };
                        break;
                    case "allocationGap":
                        item = item with { Gap = Decimal(ref json) };
                        break;
                    case "breakdown":
                        item = Breakdown(ref json, item);
                        break;
                    default:
                        json.Skip();
                        break;
                }
            }
            items.Add(item);
        }
        return items;
    }

    private static StoredRecommendation Breakdown(ref Utf8JsonReader json, StoredRecommendation item)
    {
        while (Next(ref json, out var name))
        {
            switch (name)
            {
                case "criteriaCount" when json.TryGetInt32(out var count):
                    item = item with { CriteriaCount = count };
                    break;
                case "topContributor":
                    item = item with { TopContributor = json.GetString() ?? "none" };
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        return item;
    }

    private static List<StoredClass> Classes(ref Utf8JsonReader json)
    {
        List<StoredClass> items = [];
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            StoredClass item = new("", 0, 0, 0, 0);
            while (Next(ref json, out var name))
            {
                switch (name)
                {
                    case "className":
                        item = item with { ClassName = json.GetString() ?? "" };
                        break;
                    case "current":
                        item = item with { Current = Decimal(ref json) };
                        break;
                    case "targetMin":
                        item = item with { TargetMin = Decimal(ref json) };
                        break;
                    case "targetMax":
                        item = item with { TargetMax = Decimal(ref json) };
                        break;
                    case "after":
                        item = item with { After = Decimal(ref json) };
                        break;
                    default:
                        json.Skip();
                        break;
                }
            }
            items.Add(item);
        }
        return items;
    }

    private static ResultDocument Summary(ref Utf8JsonReader json, ResultDocument result)
    {
        while (Next(ref json, out var name))
        {
            switch (name)
            {
                case "totalValue":
                    result = result with { TotalValue = Decimal(ref json) };
                    break;
                case "allocations":
                    List<(string, decimal)> shares = [];
                    while (Next(ref json, out var className))
                        shares.Add((className, Decimal(ref json)));
                    result = result with { Allocations = shares };
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        return result;
    }

    private static List<(string, string)> LeftOut(ref Utf8JsonReader json)
    {
        List<(string, string)> items = [];
        while (json.Read() && json.TokenType == JsonTokenType.StartObject)
        {
            var (symbol, reason) = ("", "");
            while (Next(ref json, out var name))
            {
                if (name == "symbol")
                    symbol = json.GetString() ?? "";
                else if (name == "reason")
                    reason = json.GetString() ?? "";
                else
                    json.Skip();
            }
            items.Add((symbol, reason));
        }
        return items;
    }

    private static ResultDocument Run(ref Utf8JsonReader json, ResultDocument result)
    {
        while (Next(ref json, out var name))
        {
            switch (name)
            {
                case "market":
                    result = result with { Market = json.GetString() };
                    break;
                case "businessDate":
                    result = result with { BusinessDate = json.GetString() };
                    break;
                case "revision" when json.TryGetInt32(out var revision):
                    result = result with { Revision = revision };
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        return result;
    }

    /// <summary>One text field of an object, of which the rest is skipped.</summary>
    private static string? Field(ref Utf8JsonReader json, string wanted)
    {
        string? found = null;
        while (Next(ref json, out var name))
        {
            if (name == wanted)
                found = json.GetString();
            else
                json.Skip();
        }
        return found;
    }

    private static decimal Decimal(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String
        && Utf8Parser.TryParse(json.ValueSpan, out decimal value, out var read)
        && read == json.ValueSpan.Length
            ? value
            : throw new JsonException(
                $"A decimal is a string such as \"12.3400\", and not {json.TokenType} at byte {json.TokenStartIndex}."
            );
}
