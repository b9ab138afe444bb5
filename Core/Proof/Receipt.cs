using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Overnight.Core.Auditing;
using Overnight.Core.Data;

namespace Overnight.Core.Proof;

/// <summary>
/// What a user takes home of one calculation: everything that its leaf is hashed from, and the way from the leaf to the root of its run.
/// The root can be computed without a database; if it is the one that was published for the run, nothing of the receipt was changed since.
/// </summary>
/// <param name="Format"><see cref="CurrentFormat"/>.</param>
/// <param name="Result">Null for a calculation that failed, as is <paramref name="Criteria"/>.</param>
/// <param name="Path">From the leaf up to the root of the run.</param>
/// <param name="Seal">The number of the run in the chain.</param>
/// <param name="Root">The root of the run as it was sealed, in hexadecimal; for comparison, it proves nothing by itself.</param>
public sealed record Receipt(
    string Format,
    Guid UserId,
    Guid RunId,
    DateOnly BusinessDate,
    ReceiptResult? Result,
    ReceiptCriteria? Criteria,
    IReadOnlyList<ReceiptEvent> Events,
    IReadOnlyList<ReceiptStep> Path,
    long Seal,
    string Root
)
{
    public const string CurrentFormat = "overnight-receipt-1";

    private static readonly JsonSerializerOptions Strict = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
        NumberHandling = JsonNumberHandling.Strict,
        WriteIndented = true,
        // Names and texts stay readable; a receipt is a file, and never a part of HTML.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>As a file.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Strict);

    /// <exception cref="InvalidDataException">The bytes are no receipt; the message says where.</exception>
    public static Receipt Read(ReadOnlySpan<byte> json)
    {
        Receipt receipt;
        try
        {
            receipt = JsonSerializer.Deserialize<Receipt>(json, Strict) ?? throw new InvalidDataException("It is null, and not a receipt.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"It is not a receipt: {exception.Message}", exception);
        }
        if (receipt.Format != CurrentFormat)
            throw new InvalidDataException($"format must be {CurrentFormat}, not '{receipt.Format}'.");
        // The serializer refuses null for a property, and not for an item.
        RefuseNull(receipt.Events, "events");
        RefuseNull(receipt.Path, "path");
        return receipt;
    }

    private static void RefuseNull<T>(IReadOnlyList<T?> items, string name)
        where T : class
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is null)
                throw new InvalidDataException($"{name}[{i}] must not be null.");
        }
    }

    /// <summary>Computes the root that the receipt leads to.</summary>
    /// <exception cref="InvalidDataException">A field can't be used; the message names it.</exception>
    public byte[] ComputeRoot() =>
        HashTree.Climb(Leaf(), Path.Select((step, i) => new PathStep(step.IsLeft(i), Hash(step.Hash, $"path[{i}].hash"))));

    /// <summary>Reads a hash in hexadecimal.</summary>
    /// <param name="name">Names it in the message.</param>
    /// <exception cref="InvalidDataException">It is not 64 hexadecimal digits.</exception>
    public static byte[] Hash(string text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 2 * HashTree.Length && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new InvalidDataException($"{name} must be {2 * HashTree.Length} hexadecimal digits, not '{text}'.");
    }

    private byte[] Leaf()
    {
        if (Events is not [{ Type: (int)CalculationEvent.Started } started, ..])
            throw new InvalidDataException("events must begin with the event of type 1, which has the random bytes.");
        EventCodec.ReadStarted(started.Payload, out var salt);
        if (salt.IsEmpty)
            throw new InvalidDataException("events[0].payload has no random bytes: the calculation is from before the chain began.");
        LeafHasher hasher = new();
        CopyBuffer row = new(16 * 1024);
        hasher.Begin(salt);
        foreach (var one in Events)
        {
            row.Only(HashedColumns.EventFields);
            HashedColumns.Event(row, BusinessDate, RunId, UserId, (CalculationEvent)one.Type, one.OccurredAt, one.Payload);
            hasher.Rows(row.Row);
        }
        if (Result is { } result)
        {
            row.Only(HashedColumns.ResultFields);
            HashedColumns.Result(
                row,
                UserId,
                BusinessDate,
                RunId,
                result.Batch,
                result.Position,
                result.GeneratedAt,
                Encoding.UTF8.GetBytes(result.Recommendations),
                Encoding.UTF8.GetBytes(result.Portfolio)
            );
            hasher.Rows(row.Row);
        }
        byte[] criteria = [];
        if (Criteria is { } version)
        {
            row.Only(HashedColumns.CriteriaFields);
            HashedColumns.Criteria(row, version.Id, UserId, version.Version, version.CreatedAt, Encoding.UTF8.GetBytes(version.Rules));
            criteria = RowHash.OfCriteria(row.Row);
        }
        var leaf = new byte[HashTree.Length];
        hasher.End(criteria, leaf);
        return leaf;
    }
}

/// <summary>An event as stored.</summary>
/// <param name="Type">1 CALC_STARTED, 2 INPUTS_CAPTURED, 3 SCORES_COMPUTED, 4 CALC_COMPLETED.</param>
/// <param name="Payload">In the compact form of <see cref="EventCodec"/>; base64 in JSON.</param>
public sealed record ReceiptEvent(short Type, DateTimeOffset OccurredAt, byte[] Payload);

/// <summary>The result as stored.</summary>
/// <param name="Recommendations">JSON as text, since its bytes count.</param>
/// <param name="Portfolio">JSON as text.</param>
public sealed record ReceiptResult(int Batch, short Position, DateTimeOffset GeneratedAt, string Recommendations, string Portfolio);

/// <summary>The criteria version that the inputs name.</summary>
/// <param name="Rules">JSON as text, as the user wrote it.</param>
public sealed record ReceiptCriteria(Guid Id, int Version, DateTimeOffset CreatedAt, string Rules);

/// <summary>A hash beside the way up.</summary>
/// <param name="Side"><c>left</c> or <c>right</c>.</param>
/// <param name="Hash">Hexadecimal.</param>
public sealed record ReceiptStep(string Side, string Hash)
{
    internal bool IsLeft(int index) =>
        Side switch
        {
            "left" => true,
            "right" => false,
            _ => throw new InvalidDataException($"path[{index}].side must be left or right, not '{Side}'."),
        };
}
