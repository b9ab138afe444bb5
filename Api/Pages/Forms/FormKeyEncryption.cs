using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;
using Microsoft.Extensions.Options;

namespace Overnight.Api.Pages.Forms;

/// <summary>Encrypts a key of forms before it is stored.</summary>
internal sealed class FormKeyEncryptor(FormKeyCipher cipher) : IXmlEncryptor
{
    internal const string Element = "encryptedKey";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement)
    {
        var plain = Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting));
        return new(new XElement(Element, Convert.ToBase64String(cipher.Encrypt(plain))), typeof(FormKeyDecryptor));
    }
}

/// <summary>Decrypts a stored key of forms. Data Protection makes it, by the name that is stored with the key.</summary>
internal sealed class FormKeyDecryptor(IServiceProvider services) : IXmlDecryptor
{
    public XElement Decrypt(XElement encryptedElement) =>
        XElement.Parse(Encoding.UTF8.GetString(Cipher().Decrypt(Convert.FromBase64String(encryptedElement.Value))));

    private FormKeyCipher Cipher() =>
        services.GetRequiredService<IOptions<FormKeyOptions>>().Value.Cipher()
        ?? throw new System.Security.Cryptography.CryptographicException(
            $"The stored key of forms is encrypted, and {FormKeyOptions.Section}:Keys:0 is not set."
        );
}
