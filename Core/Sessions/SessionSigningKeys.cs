using Microsoft.Extensions.Options;
using Npgsql;

namespace Overnight.Core.Sessions;

/// <summary>
/// The keys that cached sessions are signed with: those of the configuration, else the one that <c>migrate</c> stored in PostgreSQL. They
/// are never in the cache, so write access to the cache does not allow anyone to sign in.
/// </summary>
public sealed class SessionSigningKeys(NpgsqlDataSource database, IOptions<UserSessionOptions> options)
{
    private CachedSessionSigner? _signer = options.Value.SigningKeys is { Count: > 0 } keys
        ? new([.. keys.Select(key => UserSessionOptions.Decode(key)!)])
        : null;

    /// <summary>Null until the key was read from PostgreSQL, where the configuration has none.</summary>
    public CachedSessionSigner? Current => Volatile.Read(ref _signer);

    /// <exception cref="NpgsqlException">The key must be read from PostgreSQL, which can't be reached.</exception>
    public async ValueTask<CachedSessionSigner> GetAsync(CancellationToken ct)
    {
        if (Current is { } known)
            return known;
        await using var command = database.CreateCommand("select key from session_signing_key");
        var key = (byte[]?)await command.ExecuteScalarAsync(ct)
            ?? throw new InvalidOperationException(
                "The table session_signing_key is empty. Run the command migrate, or set Sessions:SigningKeys:0."
            );
        CachedSessionSigner signer = new([key]);
        Volatile.Write(ref _signer, signer);
        return signer;
    }
}
