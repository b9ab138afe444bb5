using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;
using Overnight.Core;

namespace Overnight.Api.Pages.Forms;

/// <summary>The tokens of forms, alike on every node and after a restart.</summary>
internal static class FormKeySetup
{
    public static void AddForms(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSection<FormKeyOptions>(FormKeyOptions.Section);
        services.AddDbContext<FormKeysContext>(
            static (provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()).UseSnakeCaseNamingConvention()
        );
        // The name is part of every key's purpose; without one it is the folder that the node runs in.
        services.AddDataProtection().SetApplicationName("Overnight");
        // Data Protection's hosted service would read the keys before the node listens, even while PostgreSQL is away or not migrated.
        // The first form reads them instead.
        foreach (var start in services.Where(service => service.ImplementationType?.Name == "DataProtectionHostedService").ToList())
            services.Remove(start);
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<IServiceProvider>(
                static (keys, provider) =>
                {
                    keys.XmlRepository = ActivatorUtilities.CreateInstance<FormKeyRepository>(provider);
                    keys.XmlEncryptor = provider.GetRequiredService<IOptions<FormKeyOptions>>().Value.Cipher() is { } cipher
                        ? new FormKeyEncryptor(cipher)
                        : null;
                }
            );
        services.AddAntiforgery(static forms =>
        {
            forms.Cookie.Name = AntiforgeryTokenIssuer.CookieName;
            forms.Cookie.HttpOnly = true;
            forms.Cookie.SameSite = SameSiteMode.Strict;
            forms.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            // The Content-Security-Policy's frame-ancestors says the same, and more strictly.
            forms.SuppressXFrameOptionsHeader = true;
        });
        services.AddSingleton<IAntiforgeryAdditionalDataProvider, SessionAntiforgeryData>();
        services.AddSingleton<AntiforgeryTokenIssuer>();
    }
}
