using System.Security.Cryptography;
using System.Text;

namespace Overnight.Api.Pages.Forms;

/// <summary>AES-256-GCM under the configured keys: a nonce of 12 bytes, a tag of 16, and the encrypted bytes.</summary>
/// <param name="secrets">Long random texts, the key of each derived by HKDF-SHA256; the first encrypts.</param>
internal sealed class FormKeyCipher(IReadOnlyList<string> secrets)
{
    private const int KeyLength = 32,
        NonceLength = 12,
        TagLength = 16;

    private readonly byte[][] _keys =
    [
        .. secrets.Select(secret =>
            HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), KeyLength, info: "overnight form keys"u8.ToArray())
        ),
    ];

    public byte[] Encrypt(byte[] plain)
    {
        var sealedBytes = new byte[NonceLength + TagLength + plain.Length];
        var (nonce, tag, cipher) = Parts(sealedBytes);
        RandomNumberGenerator.Fill(nonce.Span);
        using AesGcm aes = new(_keys[0], TagLength);
        aes.Encrypt(nonce.Span, plain, cipher.Span, tag.Span);
        return sealedBytes;
    }

    /// <exception cref="CryptographicException">None of the keys encrypted it, or it was changed.</exception>
    public byte[] Decrypt(byte[] sealedBytes)
    {
        if (sealedBytes.Length < NonceLength + TagLength)
            throw new CryptographicException("The stored key of forms is too short to be one.");
        var (nonce, tag, cipher) = Parts(sealedBytes);
        var plain = new byte[cipher.Length];
        foreach (var key in _keys)
        {
            using AesGcm aes = new(key, TagLength);
            try
            {
                aes.Decrypt(nonce.Span, cipher.Span, tag.Span, plain);
                return plain;
            }
            catch (AuthenticationTagMismatchException)
            {
                // Encrypted with another key: the next one is tried.
            }
        }
        throw new CryptographicException($"The stored key of forms was not encrypted with any of {FormKeyOptions.Section}:Keys.");
    }

    private static (Memory<byte> Nonce, Memory<byte> Tag, Memory<byte> Cipher) Parts(Memory<byte> all) =>
        (all[..NonceLength], all[NonceLength..(NonceLength + TagLength)], all[(NonceLength + TagLength)..]);
}
