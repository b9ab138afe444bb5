using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Core.Sessions;

/// <summary>
/// The keys that cached sessions are signed with: those of the configuration, else the one that <c>migrate</c> made in
/// PostgreSQL. They are never in the cache, so that who can write there still can't sign in.
/// </summary>
public sealed class SessionKeys(NpgsqlDataSource database, IOptions<SessionCacheOptions> options)
{
    private SessionSigner? _signer = options.Value.SigningKeys is { Count: > 0 } keys
        ? new([.. keys.Select(key => SessionCacheOptions.Decode(key)!)])
        : null;

    /// <summary>Null until PostgreSQL was asked once.</summary>
    public SessionSigner? Current => Volatile.Read(ref _signer);

    /// <exception cref="NpgsqlException">PostgreSQL has to be asked, and can't be.</exception>
    public async ValueTask<SessionSigner> GetAsync(CancellationToken ct)
    {
        if (Current is { } known)
            return known;
        await using var command = database.CreateCommand("select key from session_signing_key");
        var key = (byte[]?)await command.ExecuteScalarAsync(ct)
            ?? throw new InvalidOperationException(
                "The table session_signing_key is empty. Run the command migrate, or set Sessions:SigningKeys:0."
            );
        SessionSigner signer = new([key]);
        Volatile.Write(ref _signer, signer);
        return signer;
    }
}
