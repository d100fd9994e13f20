<#--
  For an Advanced PDF/HTML template of the invoice: Customization > Forms > Advanced PDF/HTML Templates, source view.
  Paste it where the links shall stand, for example below the table of totals. Nothing is printed for an empty field.
-->
<#if record.custbody_tieout_payment_link?has_content>
<table style="width: 100%; margin-top: 10px;"><tr>
  <td align="right">
    <p><b>Pay online:</b> <a href="${record.custbody_tieout_payment_link}">${record.custbody_tieout_payment_link}</a></p>
  </td>
</tr></table>
</#if>
<#if record.custbody_tieout_stripe_number?has_content>
<p align="right">Reference: ${record.custbody_tieout_stripe_number}</p>
</#if>
