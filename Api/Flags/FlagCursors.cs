using System.Text.Json.Serialization;
using Overnight.Api.Paging;
using Overnight.Core.Flags;

namespace Overnight.Api.Flags;

/// <summary>A place in the list of flags, by key.</summary>
internal readonly record struct FlagCursor(string Key) : ICheckedCursor
{
    [JsonIgnore]
    public bool IsValid => FeatureFlag.IsKey(Key);
}

/// <summary>A place among the changes of one flag, newest first.</summary>
internal readonly record struct FlagChangeCursor(long Version);
