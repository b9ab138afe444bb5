namespace Overnight.Core.Data;

/// <summary>An organisation that users belong to.</summary>
public sealed class Tenant
{
    public Guid Id { get; init; }
    public required string Name { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>A person who gets recommendations; amounts are in <see cref="BaseCurrency"/> (ISO 4217).</summary>
public sealed class User
{
    public Guid Id { get; init; }
    public Guid? TenantId { get; init; }
    public required string Email { get; init; }
    public required string DisplayName { get; init; }
    public required string Role { get; init; }
    public required string BaseCurrency { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? DeletedAt { get; set; }
    public DateTimeOffset? BannedAt { get; set; }
}

/// <summary>A bearer session; <see cref="TokenHash"/> is the lowercase hex SHA-256 of the token.</summary>
public sealed class Session
{
    public required string TokenHash { get; init; }
    public Guid UserId { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset LastActiveAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Address of the client that made it, and the beginning of its user agent; null where it is not known.</summary>
    public string? Address { get; init; }
    public string? UserAgent { get; init; }
}
