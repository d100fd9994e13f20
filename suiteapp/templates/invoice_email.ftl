<#--
  For an e-mail template of the type Transaction: Documents > Templates > Email Templates, source view. NetSuite sends
  the e-mail, Tieout sends none. Nothing is shown for an empty field.
-->
<#if transaction.custbody_tieout_payment_link?has_content>
<p><a href="${transaction.custbody_tieout_payment_link}">Pay invoice ${transaction.tranId} online</a></p>
</#if>
<#if transaction.custbody_tieout_pdf_url?has_content>
<p><a href="${transaction.custbody_tieout_pdf_url}">Download the invoice as PDF</a></p>
</#if>
<#if customer.custentity_tieout_portal_url?has_content>
<p><a href="${customer.custentity_tieout_portal_url}">See your invoices and change how you pay</a></p>
</#if>
